import { decodeMask } from "@moodifier/inference";
import { MoodError } from "@moodifier/service-kit";
import { createMask, resizeMask, threshold, type Mask, type Size } from "@moodifier/tensor";

/** Share of a latent cell that must be changeable for the cell to count as changeable. */
const CELL_COVER = 0.1;
/** Values below half a step of 8 bits are 0. */
const NOTHING = 0.5 / 255;

/** M_E of one edit. */
export interface EditMask {
  /** At the source's size, 0..1. */
  readonly source: Mask;
  /** At latent size, 0 or 1. */
  readonly latent: Mask;
  /** True when every pixel may change. */
  readonly full: boolean;
}

/**
 * Reads M_E and brings it to the picture's and the latent's size. Without bytes the whole picture may change.
 * Throws MoodError MASK_EMPTY; ImageError MASK_ASPECT_MISMATCH, or another reason when the bytes are no usable picture.
 */
export async function readEditMask(
  bytes: Uint8Array,
  source: Size,
  latent: Size,
  signal?: AbortSignal,
): Promise<EditMask> {
  if (bytes.length === 0) {
    return { source: createMask(source, 1), latent: createMask(latent, 1), full: true };
  }
  const mask = await decodeMask(bytes, { width: source.width, height: source.height, signal });
  if (!mask.data.some((value) => value >= NOTHING)) {
    throw new MoodError(
      "INVALID_ARGUMENT",
      "MASK_EMPTY",
      "plan.mask_png: expected at least one pixel that may change (255), got none; paint the part to edit",
    );
  }
  return { source: mask, latent: toCells(mask, latent), full: mask.data.every((value) => value > 1 - NOTHING) };
}

/** A binary latent mask as one at the picture's size, with a straight border halfway between the cells. */
export function enlargeMask(latent: Mask, source: Size): Mask {
  return threshold(resizeMask(latent, source));
}

/** Cells of which a tenth may change; for masks smaller than that, every cell that they touch. Changed pixels beyond the mask are undone at the paste-back. */
function toCells(mask: Mask, latent: Size): Mask {
  const cover = resizeMask(mask, latent);
  const cells = threshold(cover, CELL_COVER);
  return cells.data.some((value) => value > 0) ? cells : threshold(cover, Number.MIN_VALUE);
}
