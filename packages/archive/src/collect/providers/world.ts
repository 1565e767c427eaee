import { CONTEXTS, EMOTIONS_27, type ContextName } from "@moodifier/emotion";
import { encodePng } from "@moodifier/inference";
import { render, sample, WORLD_VERSION } from "@moodifier/world";
import { ArchiveError } from "../../archive-error.ts";
import type { UnitSpec } from "../../store/plan.ts";
import type { Candidate, PlanRequest, Provider } from "../provider.ts";

/** What to draw. */
export interface WorldOptions {
  /** Pictures in all. */
  readonly count: number;
  /** Scenes of one seed are the same everywhere. */
  readonly seed: number;
  /** Width and height in pixels, 16..2048. */
  readonly size: number;
}

/** Pictures drawn by MoodWorld: the 27 emotions in turn, each scene an identity of its own. Needs no network. */
export function createWorldProvider({ count, seed, size }: WorldOptions): Provider {
  for (const [name, value, most] of [
    ["count", count, 2 ** 31],
    ["seed", seed, 2 ** 20],
    ["size", size, 2048],
  ] as const) {
    if (Number.isInteger(value) && value >= (name === "seed" ? 0 : 1) && value <= most) continue;
    throw new ArchiveError("OPTION_INVALID", `${name}: expected a whole number up to ${most}, got ${value}`);
  }
  return {
    name: "world",
    settings: { version: WORLD_VERSION, count, seed, size },
    concurrency: 2,
    async *plan({ unitSize }: PlanRequest) {
      for (let first = 0; first < count; first += unitSize) {
        const inUnit = Math.min(unitSize, count - first);
        yield { spec: { first, count: inUnit }, expected: inUnit };
      }
    },
    async *list(spec: UnitSpec) {
      const { first, count: inUnit } = spec as { first: number; count: number };
      for (let index = first; index < first + inUnit; index++) yield draw(seed, index, size);
    },
  };
}

function draw(seed: number, index: number, size: number): Candidate {
  // Seeds of two archives never meet: an archive's pictures are numbered below 2^31.
  const sceneSeed = seed * 2 ** 31 + index;
  const emotion = EMOTIONS_27[index % EMOTIONS_27.length]!;
  const scene = sample(sceneSeed, { emotion });
  const category = "category" in scene && typeof scene.category === "string" ? scene.category : "face";
  return {
    uri: `moodworld:${WORLD_VERSION}/${sceneSeed}`,
    licence: { id: "Apache-2.0" },
    attribution: "",
    emotion,
    context: contextOf(category),
    category,
    group: `world-${sceneSeed}`,
    open: async () => {
      const rendered = await render(scene, size);
      const { width, height, picture } = rendered;
      const bytes = await encodePng({ width, height, channels: 3, data: picture });
      return { bytes, mediaType: "image/png" };
    },
  };
}

/** Made things are objects; faces and the two sceneries are contexts of their own. */
function contextOf(category: string): ContextName {
  return CONTEXTS.find((context) => context === category) ?? "object";
}
