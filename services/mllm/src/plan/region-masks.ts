import { encodeMask } from "@moodifier/inference";
import { common } from "@moodifier/proto";
import { coverage, union, type Box, type Mask, type Size } from "@moodifier/tensor";
import type { SquareView } from "../picture/square-view.ts";
import { boxMask, finishPart } from "../segment/part-mask.ts";
import type { Segmenter } from "../segment/segmenter.ts";
import { normaliseBox, padBox } from "./boxes.ts";

/** Below this mean probability a drawn mask is not trusted and the box is used. */
export const MIN_CONFIDENCE = 0.6;
/** A drawn mask smaller than this share of its box is not trusted either. */
const MIN_BOX_SHARE = 0.05;
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

/**
 * Draws M_E: the segmenter on each planned box, else the box itself. `maskSource` is SEGMENTER when at least one part was drawn.
 * @param planned regions with boxes in the view.
 * @param segmenter undefined when the model family has none.
 */
export async function drawRegions(
  planned: { label: string; box: Box }[],
  view: SquareView,
  size: Size,
  segmenter: Segmenter | undefined,
  signal?: AbortSignal,
): Promise<RegionMasks> {
  const prompts = planned.map(({ label, box }) => ({
    box,
    label: segmenter?.labels.includes(label) ? label : undefined,
  }));
  const drawn = segmenter ? await segmenter.draw(view.picture, prompts, signal) : [];
  const regions: common.Region[] = [];
  const boxed: string[] = [];
  let whole: Mask | undefined;
  for (const [index, { label, box }] of planned.entries()) {
    const upright = normaliseBox(view.toPicture(box)) ?? [0, 0, 1, 1];
    const part = drawn[index] && finishPart(drawn[index], view, size, { within: padBox(box, BOX_SLACK), grow: true });
    const fallback = boxMask(upright, size);
    const trusted =
      part && part.confidence >= MIN_CONFIDENCE && coverage(part.mask) >= MIN_BOX_SHARE * coverage(fallback);
    const mask = trusted ? part.mask : fallback;
    if (!trusted) boxed.push(label);
    whole = whole ? union(whole, mask) : mask;
    regions.push({ label, box: toBox(upright), maskPng: await encodeMask(mask), confidence: part?.confidence ?? 0 });
  }
  if (!whole) throw new RangeError("a plan has at least one region");
  const anyDrawn = boxed.length < planned.length;
  return {
    regions,
    maskPng: await encodeMask(whole),
    maskSource: anyDrawn ? common.MaskSource.SEGMENTER : common.MaskSource.BOX,
    boxed: anyDrawn ? boxed : [],
  };
}

/** A box as a message. */
export function toBox([x0, y0, x1, y1]: Box): common.Box {
  return { x0, y0, x1, y1 };
}
