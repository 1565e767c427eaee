import { setImmediate as nextTurn } from "node:timers/promises";
import { encodeMask } from "@moodifier/inference";
import { common } from "@moodifier/proto";
import { bounds, coverage, union, type Box, type Mask, type Size } from "@moodifier/tensor";
import type { SquareView } from "../picture/square-view.ts";
import { boxMask, finishPart } from "../segment/part-mask.ts";
import type { PartPrompt, Segmenter } from "../segment/segmenter.ts";
import { normaliseBox, padBox } from "./boxes.ts";

/** Below this mean probability a drawn mask is not trusted. */
export const MIN_CONFIDENCE = 0.6;
/** A mask drawn on a box and smaller than this share of it is not trusted either. */
const MIN_BOX_SHARE = 0.05;
/** A mask drawn by name and smaller than this share of the picture is not trusted: the part was not found. */
const MIN_PICTURE_SHARE = 0.0005;
/** The segmenter may leave the planned box by this fraction of its width and height. */
const BOX_SLACK = 0.25;

/** The masks of a plan. */
export type RegionMasks = {
  regions: common.Region[];
  /** M_E, the union of the regions' masks, PNG of the upright picture's size. */
  maskPng: Buffer;
  maskSource: common.MaskSource;
  /** Labels whose mask is their box although others were drawn. */
  boxed: string[];
};

type PlannedRegion = { label: string; box: Box };

/** How regions are drawn. */
export type DrawOptions = {
  /** Undefined when the model family has none. */
  segmenter: Segmenter | undefined;
  /** Whether the boxes are rough: see {@link VisionChat.roughBoxes}. */
  roughBoxes?: boolean | undefined;
  signal?: AbortSignal | undefined;
};

/**
 * Draws M_E, part by part: on its planned box, or, when the segmenter is unsure there, by its name in the whole picture; the other way round where boxes are rough. A part found by
 * name gets its own bounds as its box; what is not found in either way is its planned box. `maskSource` is SEGMENTER when at least one part was drawn.
 * @param planned regions with boxes in the view.
 */
export async function drawRegions(
  planned: PlannedRegion[],
  view: SquareView,
  size: Size,
  { segmenter, roughBoxes = false, signal }: DrawOptions,
): Promise<RegionMasks> {
  const ways = roughBoxes ? [BY_NAME, ON_BOX] : [ON_BOX, BY_NAME];
  const found = segmenter ? await findParts(planned, ways, view, size, segmenter, signal) : [];
  const regions: common.Region[] = [];
  const boxed: string[] = [];
  const masks: Mask[] = [];
  for (const [index, { label, box: planBox }] of planned.entries()) {
    const upright = toUpright(planBox, view);
    const { mask, box, confidence } = found[index] ?? { mask: boxMask(upright, size), box: upright, confidence: 0 };
    if (!found[index]) boxed.push(label);
    masks.push(mask);
    regions.push({ label, box: toBox(box), maskPng: await encodeMask(mask), confidence });
  }
  if (masks.length === 0) throw new RangeError("a plan has at least one region");
  const anyDrawn = boxed.length < planned.length;
  return {
    regions,
    maskPng: await encodeMask(union(...masks)),
    maskSource: anyDrawn ? common.MaskSource.SEGMENTER : common.MaskSource.BOX,
    boxed: anyDrawn ? boxed : [],
  };
}

/** A part that the segmenter is sure of; its box in the upright picture. */
type FoundPart = { mask: Mask; box: Box; confidence: number };

/** A way of asking the segmenter for a part, if it can be asked so, and what to make of its answer: undefined where it is unsure. */
type Way = {
  ask(region: PlannedRegion, labels: readonly string[]): PartPrompt | undefined;
  finish(probabilities: Mask, region: PlannedRegion, view: SquareView, size: Size): FoundPart | undefined;
};

const BY_NAME: Way = {
  ask: ({ label }, labels) => (labels.includes(label) ? { label } : undefined),
  finish: (probabilities, _region, view, size) => {
    const { mask, confidence } = finishPart(probabilities, view, size, { grow: true });
    const box = bounds(mask);
    const sure = confidence >= MIN_CONFIDENCE && coverage(mask) >= MIN_PICTURE_SHARE;
    return sure && box ? { mask, box, confidence } : undefined;
  },
};

const ON_BOX: Way = {
  ask: ({ label, box }, labels) => ({ box, label: labels.includes(label) ? label : undefined }),
  finish: (probabilities, region, view, size) => {
    const within = padBox(region.box, BOX_SLACK);
    const box = toUpright(region.box, view);
    const { mask, confidence } = finishPart(probabilities, view, size, { within, grow: true });
    const sure = confidence >= MIN_CONFIDENCE && coverage(mask) >= MIN_BOX_SHARE * coverage(boxMask(box, size));
    return sure ? { mask, box, confidence } : undefined;
  },
};

/** The parts by the first way in which the segmenter is sure of them; every way asks for all that are still missing at once. */
async function findParts(
  planned: PlannedRegion[],
  ways: Way[],
  view: SquareView,
  size: Size,
  segmenter: Segmenter,
  signal: AbortSignal | undefined,
): Promise<(FoundPart | undefined)[]> {
  const found: (FoundPart | undefined)[] = planned.map(() => undefined);
  for (const way of ways) {
    const asked = planned.flatMap((region, index) => {
      const prompt = found[index] ? undefined : way.ask(region, segmenter.labels);
      return prompt ? [{ region, index, prompt }] : [];
    });
    if (asked.length === 0) continue;
    const prompts = asked.map(({ prompt }) => prompt);
    const drawn = await segmenter.draw(view.picture, prompts, signal);
    for (const [at, { region, index }] of asked.entries()) {
      // A mask of a large picture takes a while: others get their turn, and a signal may abort, before the next.
      await nextTurn();
      signal?.throwIfAborted();
      found[index] = way.finish(drawn[at]!, region, view, size);
    }
  }
  return found;
}

function toUpright(box: Box, view: SquareView): Box {
  return normaliseBox(view.toPicture(box)) ?? [0, 0, 1, 1];
}

/** A box as a message. */
export function toBox([x0, y0, x1, y1]: Box): common.Box {
  return { x0, y0, x1, y1 };
}
