import {
  BoxGeometry,
  Color,
  CylinderGeometry,
  DoubleSide,
  ExtrudeGeometry,
  Group,
  Mesh,
  MeshStandardMaterial,
  Path,
  PlaneGeometry,
  Shape,
  type Texture,
} from "three";
import { RoundedBoxGeometry } from "three/examples/jsm/geometries/RoundedBoxGeometry.js";
import type { ProductIdentity } from "../src/products/identity.ts";
import { noise, smooth, surface } from "./shapes.ts";
import { texture } from "./textures.ts";

const materials = new Map<string, MeshStandardMaterial>();

function paint(
  name: string,
  colour: Color,
  roughness = 0.95,
  options: { map?: Texture; bumpMap?: Texture; bumpScale?: number } = {},
): MeshStandardMaterial {
  let material = materials.get(name);
  if (material === undefined) {
    // One shader for every set: blanks stand in where there is no picture.
    material = new MeshStandardMaterial({
      map: texture("blank"),
      bumpMap: texture("flat"),
      side: DoubleSide,
      ...options,
    });
    materials.set(name, material);
  }
  material.color.copy(colour);
  material.roughness = roughness;
  return material;
}

/** The set behind and below a product that rests on y = 0. Depends on nothing but the identity. */
export function buildBackdrop(identity: ProductIdentity, wall: number): Group {
  const group = new Group();
  const colour = new Color(`#${identity.backdropColour}`).multiplyScalar(wall);
  const add = (
    geometry: ConstructorParameters<typeof Mesh>[0],
    material: MeshStandardMaterial,
    x = 0,
    y = 0,
    z = 0,
    tilt = 0,
  ): void => {
    const mesh = new Mesh(geometry, material);
    mesh.position.set(x, y, z);
    mesh.rotation.x = tilt;
    mesh.receiveShadow = mesh.castShadow = true;
    group.add(mesh);
  };
  const plane = (
    material: MeshStandardMaterial,
    w: number,
    h: number,
    x: number,
    y: number,
    z: number,
    tilt: number,
  ): void => {
    const mesh = new Mesh(new PlaneGeometry(w, h), material);
    mesh.position.set(x, y, z);
    mesh.rotation.x = tilt;
    mesh.receiveShadow = true;
    group.add(mesh);
  };
  const rear = colour.clone().lerp(new Color(0.9, 0.88, 0.85).multiplyScalar(wall), 0.35);
  switch (identity.backdrop) {
    case "wall":
      plane(paint("table", colour.clone().lerp(new Color("#cbb79b"), 0.55), 0.6), 30, 4.4, 0, 0, 0.2, -Math.PI / 2);
      plane(paint("wall", colour), 40, 24, 0, 4, -2, 0);
      break;
    case "wood":
      plane(
        paint("wood", new Color(1, 1, 1).multiplyScalar(wall), 0.5, { map: texture("wood", 1.6) }),
        12,
        12,
        0,
        0,
        1.8,
        -Math.PI / 2,
      );
      plane(paint("wall", rear), 40, 24, 0, 4, -4.2, 0);
      break;
    case "marble":
      plane(
        paint("marble", new Color(1, 1, 1).multiplyScalar(wall), 0.22, { map: texture("marble", 1.4) }),
        12,
        7,
        0,
        0,
        1,
        -Math.PI / 2,
      );
      plane(paint("wall", rear), 40, 24, 0, 4, -2.5, 0);
      break;
    case "stone":
      add(
        new RoundedBoxGeometry(14, 0.4, 4.4, 2, 0.05),
        paint("terrazzo", new Color(1, 1, 1).multiplyScalar(wall), 0.45, { map: texture("terrazzo", 2.5) }),
        0,
        -0.2,
        0.4,
      );
      plane(paint("wall", colour), 40, 24, 0, 2, -1.9, 0);
      break;
    case "linen": {
      const cloth = surface(
        80,
        60,
        (u, v) => {
          const [x, z] = [(u - 0.5) * 12, (v - 0.62) * 12];
          const near = smooth(0.9, 2.4, Math.hypot(x, z));
          return [x, (noise(x * 1.1 + z * 0.5, z * 0.35, 4) - 0.55) * 0.32 * near - 0.004, z];
        },
        { flip: true, repeat: [5, 5] },
      );
      add(cloth, paint("linen", colour, 0.97, { bumpMap: texture("linen", 1), bumpScale: 0.5 }));
      plane(paint("wall", rear), 40, 24, 0, 4, -5.5, 0);
      break;
    }
    case "plinth":
      plane(paint("wall", rear), 40, 24, 0, 4, -3.2, 0);
      plane(paint("floor", rear), 40, 20, 0, -1.5, 4, -Math.PI / 2);
      add(new CylinderGeometry(1.75, 1.75, 1.5, 72), paint("plinth", colour, 0.9), 0, -0.75, 0);
      add(
        new BoxGeometry(3.2, 2.3, 1.2),
        paint("plinth rear", colour.clone().multiplyScalar(0.9), 0.9),
        identity.mirrored ? -2.9 : 2.9,
        -0.35,
        -1.6,
      );
      break;
    case "arch": {
      plane(paint("table", colour.clone().multiplyScalar(0.96), 0.9), 30, 9, 0, 0, 2.6, -Math.PI / 2);
      const shape = new Shape();
      shape.moveTo(-20, -2).lineTo(20, -2).lineTo(20, 14).lineTo(-20, 14).closePath();
      const hole = new Path();
      hole
        .moveTo(-1.75, -1.99)
        .lineTo(-1.75, 1.7)
        .absarc(0, 1.7, 1.75, Math.PI, 0, true)
        .lineTo(1.75, -1.99)
        .closePath();
      shape.holes.push(hole);
      add(
        new ExtrudeGeometry(shape, { depth: 0.7, bevelEnabled: false, curveSegments: 40 }),
        paint("wall", colour),
        0,
        0,
        -1.85,
      );
      plane(paint("niche", colour.clone().multiplyScalar(0.8)), 6, 9, 0, 2, -1.84, 0);
      break;
    }
    default: {
      const sweep = surface(8, 60, (u, v) => {
        const s = v * 16;
        const x = (u - 0.5) * 40;
        if (s < 7) return [x, 0, 6 - s];
        const bend = Math.min(1, (s - 7) / 3.2);
        const a = (bend * Math.PI) / 2;
        return [x, 2.04 * (1 - Math.cos(a)) + Math.max(0, s - 10.2), -1 - 2.04 * Math.sin(a)];
      });
      add(sweep, paint("paper", colour));
    }
  }
  return group;
}
