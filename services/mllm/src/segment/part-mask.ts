import {
  createMask,
  dilate,
  fromBox,
  resizeMask,
  threshold,
  type Box,
  type Mask,
  type Size,
  type Window,
} from "@moodifier/tensor";
import type { SquareView } from "../picture/square-view.ts";

/** Masks grow by this fraction of the longer side, so that a slightly short mask does not cut the edited form. */
const GROWTH = 0.008;

/** A part as the segmenter drew it. */
export type DrawnPart = {
  /** Binary mask of the upright picture's size, 1 = the part. */
  mask: Mask;
  /** Mean probability inside the mask, 0..1; 0 when the mask is empty. */
  confidence: number;
};

/**
 * Turns the probabilities of a view into a binary mask of the upright picture: cut to `within` (view fractions), resized, thresholded at
 * 0.5, grown by 0.8 % of the longer side (at least 1 pixel when `grow` is set).
 */
export function finishPart(
  probabilities: Mask,
  view: SquareView,
  size: Size,
  options: { within?: Box; grow: boolean },
): DrawnPart {
  const limited = options.within ? multiply(probabilities, fromBox(options.within, probabilities)) : probabilities;
  const longer = Math.max(size.width, size.height);
  const upright = resizeMask(limited, { width: longer, height: longer }, windowOf(view.frame, size));
  const binary = threshold(upright);
  const radius = options.grow ? Math.max(1, Math.round(longer * GROWTH)) : 0;
  return { mask: dilate(binary, radius), confidence: meanInside(upright, binary) };
}

/** Binary mask of a box of the picture: every pixel that the box touches. */
export function boxMask(box: Box, size: Size): Mask {
  const soft = fromBox(box, size);
  return createMask(
    size,
    soft.data.map((value) => (value > 0 ? 1 : 0)),
  );
}

function multiply(a: Mask, b: Mask): Mask {
  return createMask(
    a,
    a.data.map((value, index) => value * (b.data[index] ?? 0)),
  );
}

/** Where the picture lies in a square whose side is the picture's longer side. */
function windowOf(frame: Box, { width, height }: Size): Window {
  const side = Math.max(width, height);
  const left = Math.min(side - width, Math.round(frame[0] * side));
  const top = Math.min(side - height, Math.round(frame[1] * side));
  return { left, top, width, height };
}

function meanInside(values: Mask, inside: Mask): number {
  let sum = 0;
  let count = 0;
  for (let at = 0; at < inside.data.length; at++) {
    if (inside.data[at] === 0) continue;
    sum += values.data[at] ?? 0;
    count++;
  }
  return count === 0 ? 0 : sum / count;
}
