import { checkProportions } from "@moodifier/inference";
import type { Size } from "@moodifier/tensor";

/** Working size of a model family, from its manifest. */
export interface WorkingSize {
  /** Longest side in pixels. */
  readonly size: number;
  /** Both sides are multiples of this. */
  readonly multiple: number;
}

/**
 * The size at which the model works on a picture: the largest inside size x size with the picture's aspect, sides rounded to the multiple.
 * Smaller pictures are enlarged. Throws ImageError IMAGE_TOO_SMALL or IMAGE_TOO_NARROW.
 */
export function fitSize(picture: Size, working: WorkingSize): Size {
  checkProportions(picture);
  const { width, height } = picture;
  const longer = Math.max(width, height);
  const fit = (side: number) => {
    const exact = (side * working.size) / longer;
    return Math.max(working.multiple, Math.round(exact / working.multiple) * working.multiple);
  };
  return { width: fit(width), height: fit(height) };
}
