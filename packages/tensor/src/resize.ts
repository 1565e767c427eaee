import { ShapeError } from "./shape-error.ts";

/** Target size in pixels, both at least 1. */
export interface Size {
  readonly width: number;
  readonly height: number;
}

/** A part of a plane, whole pixels: its size and the place of its upper left corner. */
export interface Window extends Size {
  readonly left: number;
  readonly top: number;
}

/** One row of a resampling matrix: output i = sum of weights[k] * input[first + k]. */
interface Tap {
  readonly first: number;
  readonly weights: Float64Array;
}

/**
 * Resamples one float plane `[height, width]`. An axis that shrinks averages the covered area (exact, no aliasing); an axis that
 * grows is interpolated linearly between pixel centres with clamped edges. A constant plane stays constant; values never overshoot.
 * With `window`, only that part of the result is made: the same values as those cut out of the whole.
 */
export function resizePlane(
  data: Float32Array,
  from: Size,
  to: Size,
  window: Window = { ...to, left: 0, top: 0 },
): Float32Array {
  checkSize(from);
  checkSize(to);
  checkWindow(window, to);
  if (data.length !== from.width * from.height) {
    throw new ShapeError(
      `a plane of ${from.width}x${from.height} needs ${from.width * from.height} values, got ${data.length}`,
    );
  }
  const across = planAxis(from.width, to.width, window.left, window.width);
  const down = planAxis(from.height, to.height, window.top, window.height);
  const narrow = new Float32Array(window.width * from.height);
  for (let y = 0; y < from.height; y++) {
    for (let x = 0; x < window.width; x++) {
      const { first, weights } = across[x]!;
      let sum = 0;
      for (let k = 0; k < weights.length; k++) {
        sum += weights[k]! * data[y * from.width + first + k]!;
      }
      narrow[y * window.width + x] = sum;
    }
  }
  const result = new Float32Array(window.width * window.height);
  for (let y = 0; y < window.height; y++) {
    const { first, weights } = down[y]!;
    for (let x = 0; x < window.width; x++) {
      let sum = 0;
      for (let k = 0; k < weights.length; k++) {
        sum += weights[k]! * narrow[(first + k) * window.width + x]!;
      }
      result[y * window.width + x] = sum;
    }
  }
  return result;
}

/** The taps of outputs `start` to `start + count` of `to`. */
function planAxis(from: number, to: number, start: number, count: number): Tap[] {
  const scale = from / to;
  const tapOf = scale > 1 ? averageTap : linearTap;
  return Array.from({ length: count }, (_, i) => tapOf(start + i, scale, from));
}

function averageTap(index: number, scale: number, from: number): Tap {
  const start = index * scale;
  const end = Math.min(from, start + scale);
  const first = Math.floor(start);
  const last = Math.min(from, Math.ceil(end));
  const weights = new Float64Array(last - first);
  for (let k = 0; k < weights.length; k++) {
    weights[k] = (Math.min(end, first + k + 1) - Math.max(start, first + k)) / (end - start);
  }
  return { first, weights };
}

function linearTap(index: number, scale: number, from: number): Tap {
  const centre = Math.min(from - 1, Math.max(0, (index + 0.5) * scale - 0.5));
  const first = Math.floor(centre);
  const fraction = centre - first;
  return { first, weights: fraction === 0 ? Float64Array.of(1) : Float64Array.of(1 - fraction, fraction) };
}

function checkWindow({ left, top, width, height }: Window, { width: right, height: bottom }: Size): void {
  checkSize({ width, height });
  const whole = Number.isInteger(left) && Number.isInteger(top);
  if (!whole || left < 0 || top < 0 || left + width > right || top + height > bottom) {
    throw new ShapeError(`a window of ${width}x${height} at ${left},${top} lies outside ${right}x${bottom}`);
  }
}

function checkSize(size: Size): void {
  if (!Number.isInteger(size.width) || !Number.isInteger(size.height) || size.width < 1 || size.height < 1) {
    throw new ShapeError(`width and height must be whole numbers >= 1, got ${size.width}x${size.height}`);
  }
}
