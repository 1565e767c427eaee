import { EMOTIONS, type EmotionName } from "@moodifier/emotion";
import { createRandom, type Random } from "../random.ts";
import {
  BACKDROP_COLOURS,
  BACKDROPS,
  CATALOGUE,
  CUTS,
  LIGHTS,
  METALS,
  PLAIN_COLOURS,
  type ProductCategory,
} from "./catalogue.ts";
import type { ProductIdentity } from "./identity.ts";
import { drawLook, type ProductLook } from "./look.ts";

/** Names this version's product draws in every random key. */
const STREAM = "product-1";

/** One product picture. The same scene always renders to the same bytes on one renderer. */
export interface ProductScene {
  readonly kind: "product";
  readonly category: ProductCategory;
  readonly seed: number;
  readonly style: string;
  readonly identity: ProductIdentity;
  readonly emotion: EmotionName;
  /** 0..1; colours, posture and wear grow with it, pattern and ornament appear on the way. */
  readonly intensity: number;
  readonly look: ProductLook;
}

export interface ProductOptions {
  readonly family?: string;
  readonly emotion?: EmotionName;
  readonly intensity?: number;
}

/** The product scene of a seed. Deterministic for (category, seed, WORLD_VERSION). */
export function sampleProduct(category: ProductCategory, seed: number, options: ProductOptions = {}): ProductScene {
  const random = createRandom("scene", STREAM, category, seed);
  const emotion = options.emotion ?? random.pick(EMOTIONS);
  const intensity = options.intensity ?? Math.round(random.between(0.2, 1) * 100) / 100;
  const identity = sampleIdentity(category, createRandom("identity", STREAM, category, seed), options.family);
  const look = drawLook({ seed, category, identity, emotion, intensity });
  return { kind: "product", category, seed, style: identity.family, identity, emotion, intensity, look };
}

/** The true edit of a product: its look changes; identity, camera, background and light stay. */
export function withProductEmotion(scene: ProductScene, emotion: EmotionName, intensity: number): ProductScene {
  return { ...scene, emotion, intensity, look: drawLook({ ...scene, emotion, intensity }) };
}

function sampleIdentity(category: ProductCategory, random: Random, wanted: string | undefined): ProductIdentity {
  const entry = CATALOGUE[category];
  const drawn = random.pick(Object.keys(entry.families));
  const round = (value: number): number => Math.round(value * 1000) / 1000;
  const between = (low: number, high: number): number => round(random.between(low, high));
  const hung = category === "clothes" || category === "necklace" || category === "earring";
  return {
    family: wanted ?? drawn,
    material: random.pick(entry.materials),
    colour: random.pick(PLAIN_COLOURS),
    metal: random.pick(Object.keys(METALS)),
    cut: random.pick(CUTS),
    shape: Array.from({ length: 8 }, () => between(0, 1)),
    stand: random.pick(entry.stands),
    backdrop: random.pick(Object.keys(BACKDROPS)),
    backdropColour: random.pick(Object.keys(BACKDROP_COLOURS)),
    light: random.pick(Object.keys(LIGHTS)),
    turn: between(-0.5, 0.5),
    azimuth: between(-0.35, 0.35),
    elevation: hung ? between(0.02, 0.2) : between(0.08, 0.5),
    fieldOfView: between(22, 38),
    margin: between(1.04, 1.3),
    shift: [between(-0.04, 0.04), between(-0.03, 0.03)],
    mirrored: random.next() < 0.5,
  };
}
