import { EMOTIONS_27 } from "@moodifier/emotion";
import { encodePng } from "@moodifier/inference";
import {
  annotate,
  contextOf,
  openRenderer,
  sample,
  WORLD_CATEGORIES,
  WORLD_VERSION,
  type WorldCategory,
  type WorldRenderer,
} from "@moodifier/world";
import { ArchiveError } from "../../archive-error.ts";
import type { UnitSpec } from "../../store/plan.ts";
import { termsOf } from "./world-licence.ts";
import type { Candidate, PlanRequest, Provider } from "../provider.ts";

/** What to draw. */
export interface WorldOptions {
  /** Pictures in all. */
  readonly count: number;
  /** Scenes of one seed are the same everywhere. */
  readonly seed: number;
  /** Width and height in pixels, 16..2048. */
  readonly size: number;
  /** In turn; all but "face" need Chromium. */
  readonly categories?: readonly WorldCategory[];
}

/** Pictures drawn by MoodWorld: categories in turn, then the 27 emotions in turn, each scene an identity of its own. Needs no network. */
export function createWorldProvider(options: WorldOptions): Provider {
  const { count, seed, size, categories = ["face"] } = options;
  checkWhole("count", count, 1, 2 ** 31);
  checkWhole("seed", seed, 0, 2 ** 20);
  checkWhole("size", size, 16, 2048);
  const unknown = categories.find((name) => !WORLD_CATEGORIES.includes(name));
  if (unknown !== undefined || categories.length === 0) {
    const got = unknown ?? "nothing";
    throw new ArchiveError(
      "OPTION_INVALID",
      `categories: expected some of ${WORLD_CATEGORIES.join(", ")}, got "${got}"`,
    );
  }
  const renderer = openRenderer();
  return {
    name: "world",
    settings: { version: WORLD_VERSION, count, seed, size, categories },
    concurrency: 2,
    async *plan({ unitSize }: PlanRequest) {
      for (let first = 0; first < count; first += unitSize) {
        const inUnit = Math.min(unitSize, count - first);
        yield { spec: { first, count: inUnit }, expected: inUnit };
      }
    },
    async *list(spec: UnitSpec) {
      const { first, count: inUnit } = spec as { first: number; count: number };
      for (let index = first; index < first + inUnit; index++) {
        const category = categories[index % categories.length]!;
        const emotion = EMOTIONS_27[Math.floor(index / categories.length) % EMOTIONS_27.length]!;
        // Seeds of two archives never meet: an archive's pictures are numbered below 2^31.
        yield describe(renderer, seed * 2 ** 31 + index, category, emotion, size);
      }
    },
    close: () => renderer.close(),
  };
}

function describe(
  renderer: WorldRenderer,
  seed: number,
  category: WorldCategory,
  emotion: (typeof EMOTIONS_27)[number],
  size: number,
): Candidate {
  const scene = sample(seed, { category, emotion });
  return {
    uri: `moodworld:${WORLD_VERSION}/${category}/${seed}`,
    ...termsOf(scene),
    emotion,
    context: contextOf(scene),
    category,
    group: `world-${category}-${seed}`,
    open: async () => {
      const rendered = await renderer.render(scene, size);
      const { width, height, picture } = rendered;
      const bytes = await encodePng({ width, height, channels: 3, data: picture });
      return { bytes, mediaType: "image/png", alt: annotate(scene, rendered).summary };
    },
  };
}

function checkWhole(name: string, value: number, least: number, most: number): void {
  if (Number.isInteger(value) && value >= least && value <= most) return;
  throw new ArchiveError("OPTION_INVALID", `${name}: expected a whole number ${least}..${most}, got ${value}`);
}
