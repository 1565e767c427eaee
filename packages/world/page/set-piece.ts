import {
  DirectionalLight,
  DoubleSide,
  Mesh,
  MeshBasicMaterial,
  type BufferGeometry,
  type Material,
  type Object3D,
} from "three";
import type { PartName } from "../src/parts.ts";

/** Material of things that only cast shadows. */
export const CASTER = new MeshBasicMaterial({ colorWrite: false, depthWrite: false });
/** Material of things that only hide what is behind them. */
export const OCCLUDER = new MeshBasicMaterial({ colorWrite: false, side: DoubleSide });

export function mesh(geometry: BufferGeometry, material: Material, part: PartName | undefined, shadows = true): Mesh {
  const made = new Mesh(geometry, material);
  made.castShadow = made.receiveShadow = shadows;
  if (part !== undefined) made.userData["part"] = part;
  return made;
}

/** Frees what belongs to one scene only: geometries and shadow maps. */
export function dispose(scene: Object3D): void {
  scene.traverse((object) => {
    if (object instanceof Mesh) (object.geometry as BufferGeometry).dispose();
    if (object instanceof DirectionalLight) object.shadow.map?.dispose();
  });
}
