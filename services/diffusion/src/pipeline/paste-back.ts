import { resizePicture } from "@moodifier/inference";
import type { Mask, Raster } from "@moodifier/tensor";
import { soften, type PartialMask } from "./mask-reach.ts";

/** The finished pixels and how much of the edit each pixel took. */
export interface Pasted {
  readonly picture: Raster;
  /** 0..1; where it is 0 the pixel is the source's. */
  readonly weights: PartialMask;
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
  const data = source.data.slice();
  const { box, part } = weights;
  for (let y = box.top; y < box.bottom; y++) {
    for (let x = box.left; x < box.right; x++) {
      const weight = part.data[(y - box.top) * part.width + x - box.left]!;
      if (weight > 0) {
        const pixel = y * source.width + x;
        blendPixel(data, pixel * source.channels, enlarged.data, pixel * enlarged.channels, weight);
      }
    }
  }
  return { picture: { width: source.width, height: source.height, channels: source.channels, data }, weights };
}

/** Compares two pictures where the weight is 0. Throws RangeError unless both have one size and the same channels. */
export function measureOutside(source: Raster, result: Raster, weights: PartialMask): OutsideDifference {
  const { width, height, channels } = source;
  if (result.width !== width || result.channels !== channels || result.data.length !== source.data.length) {
    throw new RangeError(
      `cannot compare ${width}x${height}x${channels} with ${result.width}x${result.height}x${result.channels}`,
    );
  }
  const outside = { maxAbsDiff: 0, changedPx: 0, totalPx: 0 };
  const { box } = weights;
  for (let y = 0; y < height; y++) {
    const crossed = y >= box.top && y < box.bottom;
    const [left, right] = crossed ? [box.left, box.right] : [width, width];
    compareRun(source, result, y * width, y * width + left, outside);
    compareRun(source, result, y * width + right, (y + 1) * width, outside);
    const start = (y - box.top) * weights.part.width - box.left;
    for (let x = left; x < right; x++) {
      if (!(weights.part.data[start + x]! > 0)) {
        compareRun(source, result, y * width + x, y * width + x + 1, outside);
      }
    }
  }
  return outside;
}

function blendPixel(base: Uint8Array, at: number, top: Uint8Array, from: number, weight: number): void {
  for (let c = 0; c < 3; c++) {
    const under = base[at + c]!;
    base[at + c] = Math.round(under + weight * (top[from + c]! - under));
  }
}

/** Adds the pixels `start..end` to the difference. */
function compareRun(
  { data: source, channels }: Raster,
  { data: result }: Raster,
  start: number,
  end: number,
  outside: { -readonly [K in keyof OutsideDifference]: OutsideDifference[K] },
): void {
  outside.totalPx += end - start;
  for (let pixel = start; pixel < end; pixel++) {
    let largest = 0;
    for (let at = pixel * channels; at < (pixel + 1) * channels; at++) {
      const difference = source[at]! - result[at]!;
      largest = Math.max(largest, difference, -difference);
    }
    if (largest > 0) {
      outside.changedPx++;
      outside.maxAbsDiff = Math.max(outside.maxAbsDiff, largest);
    }
  }
}
