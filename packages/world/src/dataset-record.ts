import { EMOTIONS } from "@moodifier/emotion";
import { annotate, changedRegions, type Region, type Stimulus } from "./annotation.ts";
import { createRandom, hashKey } from "./random.ts";
import { render, type Rendered } from "./render.ts";
import { sample, sameExpression, withEmotion, WORLD_VERSION, type Scene } from "./scene.ts";

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
  readonly category: "face";
  readonly emotion: string;
  readonly intensity: number;
  readonly summary: string;
  readonly stimuli: readonly Stimulus[];
  readonly overall: string;
  readonly caption: string;
  /** What may change in the edit from this picture to its partner. */
  readonly regions: readonly Region[];
  readonly kind: "shape";
  readonly split: "train" | "val";
}

/** A picture, its parts and its record. */
export interface DatasetItem {
  readonly record: DatasetRecord;
  readonly rendered: Rendered;
}

const VALIDATION_PERCENT = 3;

/**
 * The two scenes of pair `pair`: one identity, two emotions, and at least one part drawn differently.
 * `attempt` numbers further candidates, for identities whose hair or beard hides what would change.
 */
export function pairScenes(datasetSeed: number, pair: number, attempt = 0): [Scene, Scene] {
  const seed = hashKey("pair", datasetSeed, pair, attempt);
  const first = sample(seed);
  const random = createRandom("partner", WORLD_VERSION, seed);
  const others = EMOTIONS.filter((emotion) => emotion !== first.emotion);
  for (;;) {
    const intensity = Math.round(random.between(0.2, 1) * 100) / 100;
    const second = withEmotion(first, random.pick(others), intensity);
    if (!sameExpression(first, second)) return [first, second];
  }
}

/** Renders and annotates pair `pair` (records 2k and 2k + 1) of the data set of `datasetSeed`. */
export function renderPair(datasetSeed: number, pair: number, size: number): [DatasetItem, DatasetItem] {
  let scenes: [Scene, Scene];
  let renders: [Rendered, Rendered];
  let regions: Region[];
  let attempt = 0;
  do {
    scenes = pairScenes(datasetSeed, pair, attempt++);
    renders = [render(scenes[0], size), render(scenes[1], size)];
    regions = changedRegions(scenes[0], renders[0], scenes[1], renders[1]);
  } while (regions.length === 0);
  const identity = `face-${datasetSeed}-${String(pair).padStart(6, "0")}`;
  const split = hashKey("split", identity) % 100 < VALIDATION_PERCENT ? "val" : "train";
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
        category: "face",
        emotion: scene.emotion,
        intensity: scene.intensity,
        summary,
        stimuli,
        overall,
        caption,
        regions,
        kind: "shape",
        split,
      },
    };
  };
  return [item(0), item(1)];
}
