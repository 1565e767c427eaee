import type { EmotionName } from "@moodifier/emotion";
import { createRandom } from "./random.ts";
import { sampleFace, withFaceEmotion, type FaceScene } from "./faces/face-scene.ts";
import { sampleParametric, withParametricEmotion, type ParametricScene } from "./faces/parametric/scene.ts";
import { PRODUCT_CATEGORIES, CATALOGUE, type ProductCategory } from "./products/catalogue.ts";
import { sampleProduct, withProductEmotion, type ProductScene } from "./products/scene.ts";
import {
  SCENERIES,
  sampleScenery,
  withSceneryEmotion,
  type SceneryContext,
  type SceneryScene,
} from "./sceneries/scene.ts";
import { WorldError } from "./world-error.ts";

/** Raised whenever the same seed would give another scene, picture or caption. */
export const WORLD_VERSION = "2.2.0";

/** One picture of MoodWorld: who or what it is, and what it feels. Told apart by `kind`. */
export type Scene = FaceScene | ParametricScene | ProductScene | SceneryScene;
/** Faces of both kinds: they need no browser. */
export type AnyFaceScene = FaceScene | ParametricScene;

/** Everything that can be drawn: faces, the seven products, and two kinds of places. */
export const WORLD_CATEGORIES = ["face", ...PRODUCT_CATEGORIES, "natural", "urban"] as const;
export type WorldCategory = (typeof WORLD_CATEGORIES)[number];

export interface SampleOptions {
  /** Default "face". */
  readonly category?: WorldCategory;
  /** A drawing style, "parametric", or a shape family of the category; drawn when absent. */
  readonly style?: string;
  readonly emotion?: EmotionName;
  readonly intensity?: number;
}

/** Share of faces that our own parametric drawing takes over; the others keep the seeds of earlier versions. */
const PARAMETRIC_SHARE = 0.15;

/**
 * The scene of a seed: identity by chance, and an emotion drawn uniformly from the 28.
 * Deterministic for (category, seed, WORLD_VERSION). Throws {@link WorldError} for an unknown category or style.
 */
export function sample(seed: number, options?: Omit<SampleOptions, "category"> & { category?: "face" }): AnyFaceScene;
export function sample(seed: number, options: SampleOptions): Scene;
export function sample(seed: number, { category = "face", style, emotion, intensity }: SampleOptions = {}): Scene {
  const feeling = {
    ...(emotion === undefined ? {} : { emotion }),
    ...(intensity === undefined ? {} : { intensity }),
  };
  if (category === "face") {
    const own = createRandom("medium", "face-1", seed).next() < PARAMETRIC_SHARE;
    if (style === "parametric" || (style === undefined && own)) return sampleParametric(seed, feeling);
    return sampleFace(seed, style === undefined ? feeling : { ...feeling, style });
  }
  const families = Object.keys(
    category === "natural" || category === "urban" ? SCENERIES[category] : (CATALOGUE[category]?.families ?? {}),
  );
  if (families.length === 0) {
    throw new WorldError(
      "CATEGORY_UNKNOWN",
      `category must be one of ${WORLD_CATEGORIES.join(", ")}, not "${String(category)}"`,
    );
  }
  if (style !== undefined && !families.includes(style)) {
    throw new WorldError(
      "STYLE_UNKNOWN",
      `style "${style}" is unknown; a ${category} is one of ${families.join(", ")}`,
    );
  }
  const wanted = style === undefined ? feeling : { ...feeling, family: style };
  if (category === "natural" || category === "urban") return sampleScenery(category as SceneryContext, seed, wanted);
  return sampleProduct(category as ProductCategory, seed, wanted);
}

/**
 * The true edit: the same identity with another emotion. Faces and products keep camera, background, floor and light;
 * places keep camera and ground, and change light and weather. `intensity` (0..1) defaults to the scene's own.
 */
export function withEmotion<S extends Scene>(scene: S, emotion: EmotionName, intensity: number = scene.intensity): S {
  switch (scene.kind) {
    case "drawn":
      return withFaceEmotion(scene, emotion, intensity) as S;
    case "parametric":
      return withParametricEmotion(scene, emotion, intensity) as S;
    case "product":
      return withProductEmotion(scene, emotion, intensity) as S;
    case "scenery":
      return withSceneryEmotion(scene, emotion, intensity) as S;
  }
}

/** The context of MoodArchive that a scene belongs to. */
export function contextOf(scene: Scene): "face" | "object" | "natural" | "urban" {
  return scene.category === "face" || scene.category === "natural" || scene.category === "urban"
    ? scene.category
    : "object";
}
