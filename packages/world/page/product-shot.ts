import {
  Color,
  DoubleSide,
  Mesh,
  MeshBasicMaterial,
  PlaneGeometry,
  Scene,
  Texture,
  Vector3,
  CanvasTexture,
} from "three";
import type { ProductLook } from "../src/products/look.ts";
import type { ProductScene } from "../src/products/scene.ts";
import { assemble, samplePoints, sinkingSide, type Assembly } from "./assemble.ts";
import { buildBackdrop } from "./backdrop.ts";
import { findCut, gemMaterial, releaseGems } from "./gem.ts";
import { drawFrontFirst } from "./triangle-order.ts";
import { findLight, type LightSetup } from "./lights.ts";
import { dress, dressStand } from "./materials.ts";
import { CASTER, dispose, keyLight, mesh, OCCLUDER, type Shot, type Stage } from "./stage.ts";

/** The plate that the stage holds now; the two pictures of a pair share one. */
let plateKey = "";
let height = 2;

/** Draws one product picture. */
export function shootProduct(stage: Stage, scene: ProductScene, size: number): Shot {
  const { identity, look } = scene;
  const light = findLight(stage.renderer, identity.light, identity.mirrored);
  stage.resize(size);
  const key = JSON.stringify([scene.category, scene.seed, identity, size]);
  if (key !== plateKey) {
    preparePlate(stage, scene, light);
    plateKey = key;
  }
  const set = new Scene();
  set.environment = light.environment;
  set.environmentIntensity = light.environmentStrength;
  set.environmentRotation.y = identity.mirrored ? Math.PI : 0;
  const product = assemble(scene, look);
  const dressed = dress(identity, look);
  const turn = turnOf(scene);
  const eye = stage.camera.position.clone().applyAxisAngle(new Vector3(0, 1, 0), -turn);
  for (const piece of product.pieces) {
    drawFrontFirst(piece.geometry, eye);
    const made = mesh(piece.geometry, dressed.material(piece.slot), piece.part);
    made.rotation.y = turn;
    set.add(made);
  }
  addStones(set, product, look, light, turn);
  for (const piece of product.stand) {
    const made = mesh(piece.geometry, OCCLUDER, "other");
    made.rotation.y = turn;
    set.add(made);
  }
  set.add(keyLight(light, height));
  const shot = stage.shoot(set, true);
  dispose(set);
  return shot;
}

/** Worn things turn less, so that their front stays in sight. */
function turnOf({ category, identity }: ProductScene): number {
  return category === "necklace" || category === "clothes" || category === "earring"
    ? identity.turn * 0.6
    : identity.turn;
}

function addStones(set: Scene, product: Assembly, look: ProductLook, light: LightSetup, turn: number): void {
  releaseGems();
  const dull = Math.min(1, look.roughness * 0.8 + look.grime * 0.5);
  for (const stone of product.stones) {
    const cut = findCut(
      look.edge > 0.6 ? "shard" : look.edge > 0.35 ? "trillion" : look.edge < -0.4 ? "oval" : stone.cut,
    );
    const named = stone.colour === "clear" ? "f4f6f8" : stone.colour === "main" ? look.main.hex : look.accent.hex;
    const material = gemMaterial(cut, new Color(`#${named}`), {
      density: 0.75 + look.grime,
      rough: dull,
      key: light.key,
      keyColour: light.keyColour,
      ambient: 0.55 + light.environmentStrength * 0.4,
    });
    const made = mesh(cut.geometry, material, stone.part);
    made.geometry = cut.geometry.clone();
    made.matrixAutoUpdate = false;
    made.matrix.makeRotationY(turn).multiply(stone.matrix);
    set.add(made);
  }
}

function preparePlate(stage: Stage, scene: ProductScene, light: LightSetup): void {
  const { identity } = scene;
  const plain = assemble(scene, undefined);
  const turn = turnOf(scene);
  frameCamera(stage, scene, plain);
  const set = new Scene();
  set.environment = light.environment;
  set.environmentIntensity = light.environmentStrength;
  set.environmentRotation.y = identity.mirrored ? Math.PI : 0;
  set.background = new Color(`#${identity.backdropColour}`).multiplyScalar(light.wall);
  set.add(buildBackdrop(identity, light.wall));
  const cloth = dressStand(identity);
  for (const piece of plain.stand) {
    const made = mesh(piece.geometry, cloth.material(piece.slot), undefined);
    made.rotation.y = turn;
    set.add(made);
  }
  for (const piece of plain.pieces) {
    const made = mesh(piece.geometry, CASTER, undefined);
    made.rotation.y = turn;
    set.add(made);
  }
  for (const stone of plain.stones) {
    const made = mesh(findCut(stone.cut).geometry.clone(), CASTER, undefined);
    made.matrixAutoUpdate = false;
    made.matrix.makeRotationY(turn).multiply(stone.matrix);
    set.add(made);
  }
  addContact(set, plain, turn);
  set.add(keyLight(light, height));
  stage.drawPlate(set);
  dispose(set);
}

let contact: Texture | undefined;

/** A soft darkness where the product or its stand meets the floor. */
function addContact(set: Scene, plain: Assembly, turn: number): void {
  let [across, deep] = [0, 0];
  for (const { geometry } of [...plain.pieces, ...plain.stand]) {
    const position = geometry.getAttribute("position");
    for (let i = 0; i < position.count; i += 5) {
      if (position.getY(i) > 0.18) continue;
      across = Math.max(across, Math.abs(position.getX(i)));
      deep = Math.max(deep, Math.abs(position.getZ(i)));
    }
  }
  if (across === 0) return;
  contact ??= (() => {
    const canvas = document.createElement("canvas");
    canvas.width = canvas.height = 128;
    const pen = canvas.getContext("2d", { willReadFrequently: true })!;
    const fade = pen.createRadialGradient(64, 64, 20, 64, 64, 64);
    fade.addColorStop(0, "rgba(20,16,14,0.6)");
    fade.addColorStop(0.7, "rgba(20,16,14,0.3)");
    fade.addColorStop(1, "rgba(20,16,14,0)");
    pen.fillStyle = fade;
    pen.fillRect(0, 0, 128, 128);
    return new CanvasTexture(canvas);
  })();
  const decal = new Mesh(
    new PlaneGeometry(1, 1),
    new MeshBasicMaterial({
      map: contact,
      transparent: true,
      depthWrite: false,
      polygonOffset: true,
      polygonOffsetFactor: -2,
      toneMapped: false,
      side: DoubleSide,
    }),
  );
  decal.rotation.set(-Math.PI / 2, 0, turn);
  decal.position.y = 0.003;
  decal.scale.set(across * 2.35 + 0.1, deep * 2.35 + 0.1, 1);
  set.add(decal);
}

/** Puts the camera so that the plain product, with room for any posture, fills the picture. */
function frameCamera(stage: Stage, scene: ProductScene, plain: Assembly): void {
  const { identity } = scene;
  const points = samplePoints(plain).map((p) => p.applyAxisAngle(new Vector3(0, 1, 0), turnOf(scene)));
  // Room on the side to which a standing thing sinks, whether it does or not: the camera must not know.
  if (scene.category === "vase" || scene.category === "bag") {
    const top = points.reduce((most, p) => Math.max(most, p.y), 0);
    const side = sinkingSide(scene.seed);
    const reach = scene.category === "vase" ? 0.34 : 0.18;
    for (const p of points.filter((q) => q.y > top * 0.75))
      points.push(new Vector3(p.x + side * reach * top, p.y * 0.92, p.z));
  }
  // A worn earring is seen with its ear.
  if (scene.category === "earring" && identity.stand === "ear")
    points.push(new Vector3(0.45, 2.35, 0.1), new Vector3(-0.5, 1.2, 0));
  const [low, high] = [new Vector3(Infinity, Infinity, Infinity), new Vector3(-Infinity, -Infinity, -Infinity)];
  for (const p of points) {
    low.min(p);
    high.max(p);
  }
  height = high.y;
  const centre = low.clone().add(high).multiplyScalar(0.5);
  const azimuth = identity.azimuth;
  const elevation = identity.elevation;
  const back = new Vector3(
    Math.sin(azimuth) * Math.cos(elevation),
    Math.sin(elevation),
    Math.cos(azimuth) * Math.cos(elevation),
  );
  const right = new Vector3(Math.cos(azimuth), 0, -Math.sin(azimuth));
  const up = new Vector3().crossVectors(back, right);
  const tan = Math.tan((identity.fieldOfView * Math.PI) / 360);
  let distance = 0;
  for (const p of points) {
    const d = p.clone().sub(centre);
    const reach = Math.max(Math.abs(d.dot(right)), Math.abs(d.dot(up)));
    distance = Math.max(distance, (reach * 1.17 * identity.margin) / tan + d.dot(back));
  }
  const camera = stage.camera;
  camera.fov = identity.fieldOfView;
  const span = distance * tan;
  const aim = centre
    .clone()
    .addScaledVector(right, identity.shift[0] * span)
    .addScaledVector(up, identity.shift[1] * span + span * 0.03);
  camera.position.copy(aim).addScaledVector(back, distance);
  camera.position.y = Math.max(camera.position.y, 0.12);
  camera.lookAt(aim);
  camera.updateProjectionMatrix();
  camera.updateMatrixWorld();
}
