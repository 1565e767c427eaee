import { resizePicture } from "@moodifier/inference";
import { bounds, compositePixels, createMask, feather, type Mask, type Raster } from "@moodifier/tensor";

/** The finished pixels and how much of the edit each pixel took. */
export interface Pasted {
  readonly picture: Raster;
  /** 0..1; where it is 0 the pixel is the source's. */
  readonly weights: Mask;
}

/** How much changed where nothing may. */
export interface OutsideDifference {
  /** Largest difference of a sample, 0..255. */
  readonly maxAbsDiff: number;
  readonly changedPx: number;
  /** Pixels whose weight is 0. */
  readonly totalPx: number;
}

/**
 * Lays the edit, enlarged to the source's size, over the source. The border of the mask is softened over `featherPx` pixels to both sides;
 * beyond that the source's pixels stay, and the source's alpha stays everywhere.
 */
export async function pasteBack(source: Raster, edited: Raster, mask: Mask, featherPx: number): Promise<Pasted> {
  const weights = soften(mask, featherPx);
  const enlarged = await resizePicture(edited, source.width, source.height);
  return { picture: compositePixels(source, enlarged, weights), weights };
}

/** Compares two pictures where the weight is 0. Both must have one size and the same channels. */
export function measureOutside(source: Raster, result: Raster, weights: Mask): OutsideDifference {
  const { channels } = source;
  if (result.channels !== channels || result.data.length !== source.data.length) {
    throw new RangeError(
      `cannot compare ${source.width}x${source.height}x${channels} with ${result.width}x${result.height}x${result.channels}`,
    );
  }
  let [maxAbsDiff, changedPx, totalPx] = [0, 0, 0];
  for (let i = 0; i < weights.data.length; i++) {
    if (weights.data[i]! > 0) {
      continue;
    }
    let largest = 0;
    for (let at = i * channels; at < (i + 1) * channels; at++) {
      largest = Math.max(largest, Math.abs(source.data[at]! - result.data[at]!));
    }
    totalPx++;
    changedPx += largest > 0 ? 1 : 0;
    maxAbsDiff = Math.max(maxAbsDiff, largest);
  }
  return { maxAbsDiff, changedPx, totalPx };
}

/** Feathers only the part of a large picture that the mask reaches. The Gaussian is cut at 3 sigma, which is the feather's reach. */
function soften(mask: Mask, featherPx: number): Mask {
  const box = bounds(mask);
  if (!box || featherPx === 0) {
    return mask;
  }
  const left = Math.max(0, Math.round(box[0] * mask.width) - featherPx);
  const top = Math.max(0, Math.round(box[1] * mask.height) - featherPx);
  const right = Math.min(mask.width, Math.round(box[2] * mask.width) + featherPx);
  const bottom = Math.min(mask.height, Math.round(box[3] * mask.height) + featherPx);
  const part = createMask({ width: right - left, height: bottom - top });
  for (let y = top; y < bottom; y++) {
    const row = mask.data.subarray(y * mask.width + left, y * mask.width + right);
    part.data.set(row, (y - top) * part.width);
  }
  const soft = feather(part, featherPx / 3);
  const result = createMask(mask);
  for (let y = top; y < bottom; y++) {
    result.data.set(soft.data.subarray((y - top) * part.width, (y - top + 1) * part.width), y * mask.width + left);
  }
  return result;
}
