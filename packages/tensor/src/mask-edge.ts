import { createMask, type Mask } from "./mask.ts";
import { ShapeError } from "./shape-error.ts";

/** Grows the mask: each value becomes the largest within `radiusPx` pixels (a square of side 2 radius + 1). 0 leaves it as it is. */
export function dilate(mask: Mask, radiusPx: number): Mask {
  checkRadius("radiusPx", radiusPx);
  const radius = Math.round(radiusPx);
  if (radius === 0) {
    return mask;
  }
  const across = new Float32Array(mask.data.length);
  for (let y = 0; y < mask.height; y++) {
    spreadMaximum(mask.data, across, y * mask.width, 1, mask.width, radius);
  }
  const result = new Float32Array(mask.data.length);
  for (let x = 0; x < mask.width; x++) {
    spreadMaximum(across, result, x, mask.width, mask.height, radius);
  }
  return createMask(mask, result);
}

/**
 * Softens the border with a Gaussian of standard deviation `sigmaPx`, cut at 3 sigma: pixels further than that from the mask stay
 * exactly 0. Beyond the picture the edge value continues, so a full mask stays full. 0 leaves the mask as it is.
 */
export function feather(mask: Mask, sigmaPx: number): Mask {
  checkRadius("sigmaPx", sigmaPx);
  if (sigmaPx === 0) {
    return mask;
  }
  const kernel = gaussianKernel(sigmaPx);
  const across = new Float32Array(mask.data.length);
  for (let y = 0; y < mask.height; y++) {
    blurLine(mask.data, across, y * mask.width, 1, mask.width, kernel);
  }
  const result = new Float32Array(mask.data.length);
  for (let x = 0; x < mask.width; x++) {
    blurLine(across, result, x, mask.width, mask.height, kernel);
  }
  return createMask(mask, result);
}

/** Half of a normalised kernel: weights of distance 0..radius. */
function gaussianKernel(sigma: number): Float64Array {
  const half = new Float64Array(Math.ceil(3 * sigma) + 1);
  let sum = 0;
  for (let d = 0; d < half.length; d++) {
    half[d] = Math.exp(-(d * d) / (2 * sigma * sigma));
    sum += half[d]! * (d === 0 ? 1 : 2);
  }
  return half.map((weight) => weight / sum);
}

function blurLine(
  from: Float32Array,
  to: Float32Array,
  start: number,
  step: number,
  length: number,
  kernel: Float64Array,
) {
  const last = length - 1;
  const radius = kernel.length - 1;
  for (let first = 0, end = 0; first < length; first = end) {
    // Masks are mostly constant stretches. A pixel whose whole window lies in its stretch keeps its value: all its differences are 0.
    const value = from[start + first * step]!;
    end = first + 1;
    while (end < length && from[start + end * step] === value) end++;
    const keptFrom = first === 0 ? 0 : Math.min(end, first + radius);
    const keptTo = end === length ? length : Math.max(keptFrom, end - radius);
    for (let i = first; i < end; i++) {
      const kept = i >= keptFrom && i < keptTo;
      const sum = kept ? value : blurPixel(from, start, step, i, last, kernel);
      to[start + i * step] = Math.min(1, Math.max(0, sum));
    }
  }
}

function blurPixel(
  from: Float32Array,
  start: number,
  step: number,
  at: number,
  last: number,
  kernel: Float64Array,
): number {
  const centre = from[start + at * step]!;
  // The sum of differences keeps constant stretches exact: 0 stays 0 and 1 stays 1.
  let sum = centre;
  for (let d = 1; d < kernel.length; d++) {
    const before = from[start + Math.max(0, at - d) * step]!;
    const after = from[start + Math.min(last, at + d) * step]!;
    sum += kernel[d]! * (before - centre + (after - centre));
  }
  return sum;
}

function spreadMaximum(
  from: Float32Array,
  to: Float32Array,
  start: number,
  step: number,
  length: number,
  radius: number,
) {
  // Monotonic queue: indices whose values fall from front to back, so the front is the maximum of the window. O(length).
  const queue = new Int32Array(length);
  let front = 0;
  let back = 0;
  for (let i = 0; i < length + radius; i++) {
    if (i < length) {
      const value = from[start + i * step]!;
      while (back > front && from[start + queue[back - 1]! * step]! <= value) {
        back--;
      }
      queue[back++] = i;
    }
    const centre = i - radius;
    if (centre >= 0) {
      while (queue[front]! < centre - radius) {
        front++;
      }
      to[start + centre * step] = from[start + queue[front]! * step]!;
    }
  }
}

function checkRadius(name: string, value: number): void {
  if (!(value >= 0 && Number.isFinite(value))) {
    throw new ShapeError(`${name} must be a finite number >= 0, got ${value}`, "VALUE_OUT_OF_RANGE");
  }
}
