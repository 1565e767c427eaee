import { EMOTIONS, type EmotionName } from "@moodifier/emotion";
import { createRandom, type Random } from "../random.ts";
import { BACKGROUNDS } from "./styles/background.ts";
import { findStyle, TRAINING_STYLES } from "./styles/index.ts";
import type { Expression, FaceStyle, Identity } from "./styles/style.ts";

/** Names the random draws of faces; it changes only when their seeds shall mean other faces. */
const STREAM = "1.0.0";

/** One drawn face: who it is, and what it feels. The same scene always renders to the same bytes. */
export interface FaceScene {
  readonly kind: "drawn";
  readonly category: "face";
  readonly seed: number;
  readonly style: string;
  readonly identity: Identity;
  readonly emotion: EmotionName;
  /** 0..1; below 0.5 the milder variants of the style are drawn. */
  readonly intensity: number;
  /** The variants that show the emotion. */
  readonly expression: Expression;
}

export interface FaceOptions {
  /** A style by name, held-out ones included; drawn by the training weights when absent. */
  readonly style?: string;
  readonly emotion?: EmotionName;
  readonly intensity?: number;
}

/**
 * The scene of a seed: style by weight, identity, and an emotion drawn uniformly from the 28.
 * Deterministic for (seed, WORLD_VERSION). Throws {@link WorldError} for an unknown style.
 */
export function sampleFace(seed: number, options: FaceOptions = {}): FaceScene {
  const random = createRandom("scene", STREAM, seed);
  const drawn = random.weighted(TRAINING_STYLES);
  const style = options.style === undefined ? drawn : findStyle(options.style);
  const emotion = options.emotion ?? random.pick(EMOTIONS);
  const intensity = options.intensity ?? Math.round(random.between(0.2, 1) * 100) / 100;
  const identity = sampleIdentity(style, createRandom("identity", STREAM, seed, style.name));
  return express({
    kind: "drawn",
    category: "face",
    seed,
    style: style.name,
    identity,
    emotion,
    intensity,
    expression: {},
  });
}

/**
 * The true edit: the same identity with another emotion. Only the expression changes.
 * `intensity` defaults to the scene's own.
 */
export function withFaceEmotion(scene: FaceScene, emotion: EmotionName, intensity = scene.intensity): FaceScene {
  return express({ ...scene, emotion, intensity });
}

/** True when both scenes draw every expression component alike, so that no pixel differs. */
export function sameExpression(a: FaceScene, b: FaceScene): boolean {
  return Object.keys(a.expression).every((component) => a.expression[component] === b.expression[component]);
}

function express(scene: FaceScene): FaceScene {
  const row = findStyle(scene.style).expressions[scene.emotion];
  const level = scene.intensity < 0.5 ? "mild" : "strong";
  const random = createRandom("expression", STREAM, scene.seed, scene.style, scene.emotion, level);
  const expression = Object.fromEntries(
    Object.entries(row).map(([component, choice]) => [component, random.weighted(choice[level])]),
  );
  return { ...scene, expression };
}

function sampleIdentity(style: FaceStyle, random: Random): Identity {
  const components: Record<string, string> = {};
  for (const [component, variants] of Object.entries(style.components)) {
    const present = Object.keys(variants).filter((variant) => variant !== "");
    const wanted = random.next() * 100 < (style.optional[component] ?? 100);
    const variant = random.pick(present);
    components[component] = wanted ? variant : "";
  }
  const colours: Record<string, string> = { ...style.fixedColours };
  for (const [option, names] of Object.entries(style.colours)) colours[option] = random.pick(Object.keys(names));
  const zoom = Math.round(random.between(...style.zoom));
  // A zoomed figure may move up only as far as its lower edge still reaches the picture's.
  const spare = Math.max(0, Math.floor((zoom - 100) / 2));
  return {
    background: random.pick(Object.keys(BACKGROUNDS)),
    components,
    colours,
    zoom,
    shiftX: Math.round(random.between(-4, 4)),
    shiftY: Math.round(random.between(-Math.min(spare, 4), 4)),
    flip: random.next() < 0.5,
  };
}
