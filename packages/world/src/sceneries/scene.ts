import { COLOURS, EMOTIONS, LOOKS, readOption, type EmotionName } from "@moodifier/emotion";
import { createRandom } from "../random.ts";

/** Contexts drawn as places, with their families and how captions call them. */
export const SCENERIES = {
  natural: {
    lake: "a mountain lake",
    forest: "a forest clearing",
    meadow: "a meadow among hills",
    beach: "a beach by the sea",
    desert: "desert dunes",
    canyon: "a river canyon",
    island: "a rocky island",
  },
  urban: {
    street: "a city street",
    skyline: "a skyline across the water",
    square: "a town square",
    park: "a city park",
    harbour: "a harbour",
    bridge: "a bridge in the city",
    suburb: "a row of houses",
  },
} as const satisfies Record<string, Record<string, string>>;
export type SceneryContext = keyof typeof SCENERIES;

/** What makes a place this place: its ground, what stands on it, and the camera. */
export interface SceneryIdentity {
  readonly family: string;
  /** Seed of the ground and of everything that stands on it. */
  readonly layout: number;
  readonly shape: readonly number[];
  /** Side from which the light comes, radians about the vertical; the height follows the hour. */
  readonly bearing: number;
  readonly eye: number;
  readonly pitch: number;
  readonly fieldOfView: number;
}

/** What the emotion owns of a place: light, weather, growth and small signs of life. */
export interface SceneryMood {
  readonly time: string;
  readonly weather: string;
  readonly growth: string;
  readonly sign: string;
  /** 0..1, how much of weather, growth and signs is there. */
  readonly amount: number;
  /** Names and hex of the two colours that tint light and signs. */
  readonly tint: readonly [name: string, hex: string];
  readonly second: readonly [name: string, hex: string];
  readonly tintStrength: number;
  readonly detail: number;
}

export interface SceneryScene {
  readonly kind: "scenery";
  readonly category: SceneryContext;
  readonly seed: number;
  readonly style: string;
  readonly identity: SceneryIdentity;
  readonly emotion: EmotionName;
  readonly intensity: number;
  readonly mood: SceneryMood;
}

export interface SceneryOptions {
  readonly family?: string;
  readonly emotion?: EmotionName;
  readonly intensity?: number;
}

const STREAM = "scenery-1";

/** The scenery of a seed. Deterministic for (context, seed, WORLD_VERSION). */
export function sampleScenery(category: SceneryContext, seed: number, options: SceneryOptions = {}): SceneryScene {
  const random = createRandom("scene", STREAM, category, seed);
  const emotion = options.emotion ?? random.pick(EMOTIONS);
  const intensity = options.intensity ?? Math.round(random.between(0.2, 1) * 100) / 100;
  const identity = createRandom("identity", STREAM, category, seed);
  const drawn = identity.pick(Object.keys(SCENERIES[category]));
  const round = (value: number): number => Math.round(value * 1000) / 1000;
  const place: SceneryIdentity = {
    family: options.family ?? drawn,
    layout: identity.below(1 << 30),
    shape: Array.from({ length: 6 }, () => round(identity.next())),
    bearing: round(identity.between(-0.9, 0.9)),
    eye: round(identity.between(0.8, 1.6)),
    pitch: round(identity.between(-0.04, 0.1)),
    fieldOfView: round(identity.between(44, 62)),
  };
  const scene = { kind: "scenery", category, seed, style: place.family, identity: place, emotion, intensity } as const;
  return { ...scene, mood: drawMood(scene) };
}

/** The true edit of a place: light, weather, growth and signs change; ground, buildings and camera stay. */
export function withSceneryEmotion(scene: SceneryScene, emotion: EmotionName, intensity: number): SceneryScene {
  const changed = { ...scene, emotion, intensity };
  return { ...changed, mood: drawMood(changed) };
}

function drawMood(scene: Pick<SceneryScene, "seed" | "category" | "emotion" | "intensity">): SceneryMood {
  const { scenery, palettes } = LOOKS[scene.emotion];
  const random = createRandom("mood", STREAM, scene.category, scene.seed, scene.emotion);
  const pick = (options: readonly string[]): string => random.weighted(options.map(readOption));
  const [main = "beige", second = "grey"] = pick(palettes).split("/");
  const [time, weather, growth, sign] = [
    pick(scenery.times),
    pick(scenery.weathers),
    pick(scenery.growth),
    pick(scenery.signs),
  ];
  const thresholds = [random.between(0.1, 0.35), random.between(0.2, 0.5), random.between(0.25, 0.6)] as const;
  const { intensity } = scene;
  return {
    time,
    weather: intensity < thresholds[0] ? "clouds" : weather,
    growth: intensity < thresholds[1] ? "plain" : growth,
    sign: intensity < thresholds[2] ? "none" : sign,
    amount: Math.round((0.35 + 0.65 * intensity) * random.between(0.75, 1) * 1000) / 1000,
    tint: [main, COLOURS[main]!],
    second: [second, COLOURS[second]!],
    tintStrength: Math.round((scene.emotion === "neutral" ? 0.08 : 0.12 + 0.24 * intensity) * 1000) / 1000,
    detail: random.below(1 << 30),
  };
}
