import { ShapeError } from "./shape-error.ts";
import { tensor, type TypedTensor } from "./tensor.ts";

/** Target size in pixels, both at least 1. */
export interface Size {
  readonly width: number;
  readonly height: number;
}

/** One row of a resampling matrix: output i = sum of weights[k] * input[first + k]. */
interface Tap {
  readonly first: number;
  readonly weights: Float64Array;
}

/**
 * Resamples one float plane `[height, width]`. An axis that shrinks averages the covered area (exact, no aliasing); an axis that
 * grows is interpolated linearly between pixel centres with clamped edges. A constant plane stays constant; values never overshoot.
 */
export function resizePlane(data: Float32Array, from: Size, to: Size): Float32Array {
  checkSize(from);
  checkSize(to);
  if (data.length !== from.width * from.height) {
    throw new ShapeError(
      `a plane of ${from.width}x${from.height} needs ${from.width * from.height} values, got ${data.length}`,
    );
  }
  const across = planAxis(from.width, to.width);
  const down = planAxis(from.height, to.height);
  const narrow = new Float32Array(to.width * from.height);
  for (let y = 0; y < from.height; y++) {
    for (let x = 0; x < to.width; x++) {
      const { first, weights } = across[x]!;
      let sum = 0;
      for (let k = 0; k < weights.length; k++) {
        sum += weights[k]! * data[y * from.width + first + k]!;
      }
      narrow[y * to.width + x] = sum;
    }
  }
  const result = new Float32Array(to.width * to.height);
  for (let y = 0; y < to.height; y++) {
    const { first, weights } = down[y]!;
    for (let x = 0; x < to.width; x++) {
      let sum = 0;
      for (let k = 0; k < weights.length; k++) {
        sum += weights[k]! * narrow[(first + k) * to.width + x]!;
      }
      result[y * to.width + x] = sum;
    }
  }
  return result;
}

/** Resamples every plane of a float32 `[N,C,H,W]` tensor as `resizePlane` does. */
export function resizeTensor(value: TypedTensor<"float32">, to: Size): TypedTensor<"float32"> {
  const [n, c, height, width] = value.dims;
  if (value.dims.length !== 4 || !n || !c || !height || !width) {
    throw new ShapeError(`resizeTensor needs a non-empty [N,C,H,W] tensor, got [${value.dims.join(",")}]`);
  }
  const size = width * height;
  const data = new Float32Array(n * c * to.width * to.height);
  for (let plane = 0; plane < n * c; plane++) {
    const resized = resizePlane(value.data.subarray(plane * size, (plane + 1) * size), { width, height }, to);
    data.set(resized, plane * resized.length);
  }
  return tensor("float32", [n, c, to.height, to.width], data);
}

function planAxis(from: number, to: number): Tap[] {
  const scale = from / to;
  return Array.from({ length: to }, (_, i) => (scale > 1 ? averageTap(i, scale, from) : linearTap(i, scale, from)));
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

function checkSize(size: Size): void {
  if (!Number.isInteger(size.width) || !Number.isInteger(size.height) || size.width < 1 || size.height < 1) {
    throw new ShapeError(`width and height must be whole numbers >= 1, got ${size.width}x${size.height}`);
  }
}
