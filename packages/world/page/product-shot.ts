import { Color, Scene, Vector3 } from "three";
import type { ProductLook } from "../src/products/look.ts";
import type { ProductScene } from "../src/products/scene.ts";
import { assemble, type Assembly } from "./assemble.ts";
import { buildBackdrop } from "./backdrop.ts";
import { addContactShadow } from "./contact-shadow.ts";
import { drawSeenSides } from "./hidden-sides.ts";
import { findCut, gemMaterial, releaseGems } from "./gem.ts";
import { keyLight } from "./key-light.ts";
import { findLight, type LightSetup } from "./lights.ts";
import { dress, dressStand } from "./materials.ts";
import { frameCamera } from "./product-camera.ts";
import { CASTER, dispose, mesh, OCCLUDER } from "./set-piece.ts";
import type { Shot } from "./shot.ts";
import type { Stage } from "./stage.ts";

/** The plate that the stage holds now; the two pictures of a pair share one. */
let plateKey = "";
let height = 2;

/** Draws one product picture. */
export function shootProduct(stage: Stage, scene: ProductScene, size: number): Promise<Shot> {
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
    const made = mesh(piece.geometry, dressed.material(piece.slot), piece.part);
    drawSeenSides(made, eye);
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
  height = frameCamera(stage.camera, scene, plain, turn);
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
  addContactShadow(set, plain, turn);
  set.add(keyLight(light, height));
  stage.drawPlate(set);
  dispose(set);
}
