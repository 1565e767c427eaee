import { EMOTIONS, type EmotionName } from "@moodifier/emotion";
import { createRandom, type Random } from "../../random.ts";
import { BACKGROUNDS } from "../styles/background.ts";
import { CONTROLS, EXPRESSIONS, type Control, type Controls } from "./controls.ts";

const STREAM = "parametric-1";

/** Colours of the parametric face, hex -> words. */
export const SKINS: Readonly<Record<string, string>> = {
  f6d2b8: "fair",
  e8b48f: "light",
  d09a70: "tan",
  b5794f: "olive",
  "8d5a3b": "brown",
  "5f3a26": "dark",
};
export const HAIRS: Readonly<Record<string, string>> = {
  "241c1a": "black",
  "4a2f22": "dark brown",
  "7a4b2a": "brown",
  b57a3c: "light brown",
  d9b26a: "blonde",
  a4442a: "red",
  "8f9196": "grey",
  e9e6df: "white",
};
export const EYES: Readonly<Record<string, string>> = {
  "4b3221": "brown",
  "2f5d8a": "blue",
  "3f7a4d": "green",
  "6b6e73": "grey",
  "8a6a2f": "amber",
};
export const TOPS: Readonly<Record<string, string>> = {
  c44536: "red",
  "2a6f97": "blue",
  "588157": "green",
  f4a259: "orange",
  "6d597a": "purple",
  "343a40": "dark grey",
  f2e9e4: "white",
  e5989b: "pink",
};
export const CUTS: Readonly<Record<string, string>> = {
  short: "short %hair hair",
  crop: "cropped %hair hair",
  bob: "%hair hair in a bob",
  long: "long %hair hair",
  bun: "%hair hair in a bun",
  curls: "%hair curls",
  bald: "a bald head",
};
export const EXTRAS: Readonly<Record<string, string>> = {
  none: "",
  glasses: ", glasses",
  earrings: ", round earrings",
  freckles: ", freckles",
  beard: ", a short beard",
};

/** Who a parametric face is. */
export interface ParametricIdentity {
  readonly background: string;
  readonly skin: string;
  readonly hair: string;
  readonly cut: string;
  readonly eyes: string;
  readonly top: string;
  readonly extra: string;
  /** Ten proportions in 0..1: width and length of the face, chin, eyes, distance, brows, nose, mouth, ears, tilt. */
  readonly shape: readonly number[];
  readonly zoom: number;
}

/** A face of our own drawing, whose expression is a point in a continuous space. */
export interface ParametricScene {
  readonly kind: "parametric";
  readonly category: "face";
  readonly seed: number;
  readonly style: "parametric";
  readonly identity: ParametricIdentity;
  readonly emotion: EmotionName;
  /** 0..1; every control grows with it. */
  readonly intensity: number;
  readonly controls: Controls;
}

export interface ParametricOptions {
  readonly emotion?: EmotionName;
  readonly intensity?: number;
}

/** The parametric face of a seed. Deterministic for (seed, WORLD_VERSION). */
export function sampleParametric(seed: number, options: ParametricOptions = {}): ParametricScene {
  const random = createRandom("scene", STREAM, seed);
  const emotion = options.emotion ?? random.pick(EMOTIONS);
  const intensity = options.intensity ?? Math.round(random.between(0.2, 1) * 100) / 100;
  const identity = sampleIdentity(createRandom("identity", STREAM, seed));
  return {
    kind: "parametric",
    category: "face",
    seed,
    style: "parametric",
    identity,
    emotion,
    intensity,
    controls: express(seed, emotion, intensity),
  };
}

/** The true edit: the same person, other muscles. */
export function withParametricEmotion(
  scene: ParametricScene,
  emotion: EmotionName,
  intensity: number,
): ParametricScene {
  return { ...scene, emotion, intensity, controls: express(scene.seed, emotion, intensity) };
}

function sampleIdentity(random: Random): ParametricIdentity {
  const pick = (table: Readonly<Record<string, string>>): string => random.pick(Object.keys(table));
  return {
    background: pick(BACKGROUNDS),
    skin: pick(SKINS),
    hair: pick(HAIRS),
    cut: pick(CUTS),
    eyes: pick(EYES),
    top: pick(TOPS),
    extra: pick(EXTRAS),
    shape: Array.from({ length: 10 }, () => Math.round(random.next() * 1000) / 1000),
    zoom: Math.round(random.between(0.92, 1.12) * 1000) / 1000,
  };
}

/** Each person shows an emotion a little differently, but always the same way. */
function express(seed: number, emotion: EmotionName, intensity: number): Controls {
  const random = createRandom("expression", STREAM, seed, emotion);
  const full = EXPRESSIONS[emotion];
  const controls = {} as Record<Control, number>;
  for (const control of CONTROLS) {
    const rest = control === "open" ? 1 : 0;
    const wanted = (full[control] ?? rest) - rest;
    const own = random.between(0.75, 1.15);
    const drift = wanted === 0 ? 0 : random.between(-0.08, 0.08);
    controls[control] = Math.round((rest + (wanted * own + drift) * intensity) * 1000) / 1000;
  }
  return controls;
}
