import { categoryTable, EMOTIONS } from "@moodifier/emotion";
import type { Region, Stimulus } from "./annotation.ts";
import { annotate, changedRegions, sameLook } from "./describe.ts";
import { createRandom, hashKey } from "./random.ts";
import { render } from "./render.ts";
import type { Rendered } from "./rendered.ts";
import { sample, withEmotion, WORLD_CATEGORIES, type AnyFaceScene, type Scene, type WorldCategory } from "./scene.ts";

/** One line of `records.jsonl`. */
export interface DatasetRecord {
  readonly index: number;
  readonly id: string;
  /** Index of the record that shows the same identity with another emotion. */
  readonly pair: number;
  readonly style: string;
  /** Equal for the two records of a pair only. */
  readonly identity: string;
  readonly seed: number;
  /** One of the planner's categories: places are "scene". */
  readonly category: string;
  readonly emotion: string;
  readonly intensity: number;
  readonly summary: string;
  readonly stimuli: readonly Stimulus[];
  readonly overall: string;
  readonly caption: string;
  /** What may change in the edit from this picture to its partner. */
  readonly regions: readonly Region[];
  readonly kind: string;
  readonly split: "train" | "val";
}

/** A picture, its parts and its record. */
export interface DatasetItem {
  readonly record: DatasetRecord;
  readonly rendered: Rendered;
}

/** Shares of a data set's pairs by category; absent categories do not occur. */
export type CategoryShares = Readonly<Partial<Record<WorldCategory, number>>>;

/** Faces only: what can be drawn everywhere. */
export const FACES_ONLY: CategoryShares = { face: 1 };

const VALIDATION_PERCENT = 3;
/** Names the draws of partners; kept from the first version so that its faces stay. */
const STREAM = "1.0.0";

/** The category of a pair. */
export function pairCategory(datasetSeed: number, pair: number, shares: CategoryShares): WorldCategory {
  const weights = WORLD_CATEGORIES.filter((name) => (shares[name] ?? 0) > 0).map(
    (name) => [name, shares[name]!] as const,
  );
  return weights.length === 1 ? weights[0]![0] : createRandom("category", STREAM, datasetSeed, pair).weighted(weights);
}

/**
 * The two scenes of pair `pair`: one identity, two emotions, and at least one part drawn differently.
 * `attempt` numbers further candidates, for identities whose hair or beard hides what would change; `style` may be one held out.
 */
export function pairScenes(
  datasetSeed: number,
  pair: number,
  attempt = 0,
  category: WorldCategory = "face",
  style?: string,
): [Scene, Scene] {
  const seed = hashKey("pair", datasetSeed, pair, attempt);
  const first = sample(seed, { category, ...(style === undefined ? {} : { style }) });
  const random = createRandom("partner", STREAM, seed);
  const others = EMOTIONS.filter((emotion) => emotion !== first.emotion);
  for (;;) {
    const intensity = Math.round(random.between(0.2, 1) * 100) / 100;
    const second = withEmotion(first, random.pick(others), intensity);
    if (!sameLook(first, second)) return [first, second];
  }
}

/** Draws one scene; the data set is made by whatever draws. */
export type Painter = (scene: Scene, size: number) => Rendered | Promise<Rendered>;

/** Renders and annotates pair `pair` (records 2k and 2k + 1) of the data set of `datasetSeed`. */
export async function renderPair(
  datasetSeed: number,
  pair: number,
  size: number,
  options: { shares?: CategoryShares; style?: string; paint?: Painter } = {},
): Promise<[DatasetItem, DatasetItem]> {
  const paintFace: Painter = (scene, pixels) => render(scene as AnyFaceScene, pixels);
  const { shares = FACES_ONLY, style, paint = paintFace } = options;
  const category = pairCategory(datasetSeed, pair, shares);
  let scenes: [Scene, Scene];
  let renders: [Rendered, Rendered];
  let regions: Region[];
  let attempt = 0;
  do {
    scenes = pairScenes(datasetSeed, pair, attempt++, category, style);
    renders = await Promise.all([paint(scenes[0], size), paint(scenes[1], size)]);
    regions = changedRegions(scenes[0], renders[0], scenes[1], renders[1]);
  } while (regions.length === 0);
  const identity = `${category}-${datasetSeed}-${String(pair).padStart(6, "0")}`;
  const split = hashKey("split", identity) % 100 < VALIDATION_PERCENT ? "val" : "train";
  const planned = category === "natural" || category === "urban" ? "scene" : category;
  const item = (side: 0 | 1): DatasetItem => {
    const scene = scenes[side];
    const index = pair * 2 + side;
    const { summary, stimuli, overall, caption } = annotate(scene, renders[side]);
    return {
      rendered: renders[side],
      record: {
        index,
        id: `${identity}-${side === 0 ? "a" : "b"}`,
        pair: pair * 2 + (1 - side),
        style: scene.style,
        identity,
        seed: scene.seed,
        category: planned,
        emotion: scene.emotion,
        intensity: scene.intensity,
        summary,
        stimuli,
        overall,
        caption,
        regions,
        kind: categoryTable[planned]!.kind,
        split,
      },
    };
  };
  return [item(0), item(1)];
}
