import {
  AdditiveBlending,
  Color,
  DirectionalLight,
  DoubleSide,
  Fog,
  HemisphereLight,
  MeshBasicMaterial,
  MeshStandardMaterial,
  PlaneGeometry,
  Scene,
  Vector3,
  type BufferGeometry,
  type Material,
} from "three";
import { mergeGeometries } from "three/examples/jsm/utils/BufferGeometryUtils.js";
import type { PartName } from "../src/parts.ts";
import type { SceneryScene } from "../src/sceneries/scene.ts";
import { buildSky, readAir, waterMaterial, type Air } from "./sceneries/air.ts";
import { Ground, readGrowth, type ScenePiece, type Shine } from "./sceneries/ground.ts";
import { buildNatural } from "./sceneries/natural.ts";
import { addSigns } from "./sceneries/signs.ts";
import { buildUrban } from "./sceneries/urban.ts";
import { seeded } from "./shapes.ts";
import { drawSeenSides, settleInside } from "./hidden-sides.ts";
import { dispose, mesh } from "./set-piece.ts";
import type { Shot } from "./shot.ts";
import type { Stage } from "./stage.ts";

const MATERIALS: Readonly<Record<Shine, Material>> = {
  lit: new MeshStandardMaterial({ vertexColors: true, roughness: 0.88, side: DoubleSide }),
  glow: new MeshBasicMaterial({ vertexColors: true, side: DoubleSide, fog: false }),
  veil: new MeshBasicMaterial({
    vertexColors: true,
    side: DoubleSide,
    fog: false,
    transparent: true,
    depthWrite: false,
    blending: AdditiveBlending,
  }),
};

/** Draws one picture of a place. */
export function shootScenery(stage: Stage, scene: SceneryScene, size: number): Promise<Shot> {
  const { identity, mood } = scene;
  stage.resize(size);
  aim(stage, scene);
  const air = readAir(scene);
  const growth = readGrowth(mood.growth, new Color(`#${mood.tint[1]}`));
  const ground = new Ground(identity.layout);
  const set = new Scene();
  const waters =
    scene.category === "natural"
      ? buildNatural(ground, scene, growth)
      : buildUrban(ground, scene, growth, air.night || mood.time === "dusk", seeded(mood.detail));
  const signs = new Ground(mood.detail);
  addSigns(signs, scene, air);
  for (const piece of merge([...ground.pieces, ...signs.pieces])) {
    const made = mesh(piece.geometry, MATERIALS[piece.shine], piece.part, piece.shine === "lit");
    drawSeenSides(made, stage.camera.position);
    if (piece.shine === "veil") made.renderOrder = 10;
    set.add(made);
  }
  if (waters !== undefined) {
    const made = mesh(
      new PlaneGeometry(170, 90).rotateX(-Math.PI / 2),
      waterMaterial(air, waters.chop, waters.deep),
      "land",
      false,
    );
    made.position.set(0, waters.level, -36);
    set.add(made);
  }
  set.add(buildSky(scene, air));
  set.fog = new Fog(air.horizon, air.fogNear, air.fogFar);
  light(set, air);
  const shot = stage.shoot(set, false);
  dispose(set);
  return shot;
}

function light(set: Scene, air: Air): void {
  const sun = new DirectionalLight(air.sun, air.key);
  sun.position
    .copy(air.towardsSun)
    .setY(Math.max(0.22, air.towardsSun.y))
    .multiplyScalar(30)
    .add(new Vector3(0, 0, -8));
  sun.target.position.set(0, 0, -8);
  sun.castShadow = true;
  sun.shadow.mapSize.set(1024, 1024);
  sun.shadow.radius = 2.5;
  sun.shadow.bias = -0.002;
  sun.shadow.normalBias = 0.06;
  Object.assign(sun.shadow.camera, { left: -17, right: 17, top: 17, bottom: -17, near: 1, far: 70 });
  const fill = new HemisphereLight(
    air.top.clone().lerp(air.horizon, 0.5),
    new Color("#6b5d4d").lerp(air.horizon, 0.25),
    air.ambient * 2,
  );
  set.add(sun, sun.target, fill);
}

function aim(stage: Stage, { identity }: SceneryScene): void {
  const camera = stage.camera;
  camera.fov = identity.fieldOfView;
  camera.position.set(0, identity.eye + 0.6, 8.6);
  camera.lookAt(0, identity.eye + 0.6 + identity.pitch * 10, -1.4);
  camera.updateProjectionMatrix();
  camera.updateMatrixWorld();
}

/** One geometry per way of shining and part. */
function merge(pieces: readonly ScenePiece[]): ScenePiece[] {
  const groups = new Map<string, { shine: Shine; part: PartName | undefined; geometries: BufferGeometry[] }>();
  for (const { geometry, shine, part } of pieces) {
    const key = `${shine}/${part}`;
    const group = groups.get(key) ?? { shine, part, geometries: [] };
    if (geometry.index === null) indexed(geometry);
    settleInside(geometry);
    group.geometries.push(geometry);
    groups.set(key, group);
  }
  return [...groups.values()].map(({ shine, part, geometries }) => ({
    shine,
    part,
    geometry: mergeGeometries(geometries),
  }));
}

function indexed(geometry: BufferGeometry): void {
  geometry.setIndex(Array.from({ length: geometry.getAttribute("position").count }, (_, i) => i));
}
