import type { Size } from "@moodifier/tensor";
import { ImageError } from "./image-error.ts";

/** Shorter sides hold too little to edit, pixels. */
const SMALLEST_SIDE = 16;
/** Longest side over shortest side. */
const LARGEST_RATIO = 8;

/** Throws ImageError IMAGE_TOO_SMALL or IMAGE_TOO_NARROW for a picture that cannot be edited: a side below 16 pixels, or one more than 8 times the other. */
export function checkProportions({ width, height }: Size): void {
  const [shorter, longer] = [Math.min(width, height), Math.max(width, height)];
  if (shorter < SMALLEST_SIDE) {
    const text = `image: expected sides of at least ${SMALLEST_SIDE} pixels, got ${width} x ${height}`;
    throw new ImageError("IMAGE_TOO_SMALL", text);
  }
  if (longer > shorter * LARGEST_RATIO) {
    const text = `image: expected a longer side of at most ${LARGEST_RATIO} times the shorter, got ${width} x ${height}; crop it first`;
    throw new ImageError("IMAGE_TOO_NARROW", text);
  }
}
