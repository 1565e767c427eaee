import type { Size } from "@moodifier/tensor";
import { MoodError } from "@moodifier/service-kit";

/** Shorter sides hold too little to edit, pixels. */
export const SMALLEST_SIDE = 16;
/** Longest side over shortest side. */
export const LARGEST_RATIO = 8;

/** Working size of a model family, from its manifest. */
export interface WorkingSize {
  /** Longest side in pixels. */
  readonly size: number;
  /** Both sides are multiples of this. */
  readonly multiple: number;
}

/**
 * The size at which the model works on a picture: the largest inside size x size with the picture's aspect, sides rounded to the multiple.
 * Smaller pictures are enlarged. Throws MoodError IMAGE_TOO_SMALL or IMAGE_TOO_NARROW.
 */
export function fitSize(picture: Size, working: WorkingSize): Size {
  const { width, height } = picture;
  const [shorter, longer] = [Math.min(width, height), Math.max(width, height)];
  if (shorter < SMALLEST_SIDE) {
    throw new MoodError(
      "INVALID_ARGUMENT",
      "IMAGE_TOO_SMALL",
      `image: expected sides of at least ${SMALLEST_SIDE} pixels, got ${width} x ${height}`,
    );
  }
  if (longer > shorter * LARGEST_RATIO) {
    throw new MoodError(
      "INVALID_ARGUMENT",
      "IMAGE_TOO_NARROW",
      `image: expected a longer side of at most ${LARGEST_RATIO} times the shorter, got ${width} x ${height}; crop it first`,
    );
  }
  const fit = (side: number) => {
    const exact = (side * working.size) / longer;
    return Math.max(working.multiple, Math.round(exact / working.multiple) * working.multiple);
  };
  return { width: fit(width), height: fit(height) };
}
