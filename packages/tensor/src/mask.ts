import { resizePlane, type Size, type Window } from "./resize.ts";
import { ShapeError } from "./shape-error.ts";

/** A soft region of a picture, row-major, values 0..1. **1 = may change, 0 = keep.** */
export interface Mask {
  readonly width: number;
  readonly height: number;
  readonly data: Float32Array;
}

/** `[x0, y0, x1, y1]` as fractions 0..1 of the upright picture; x1 and y1 lie outside the box. */
export type Box = readonly [x0: number, y0: number, x1: number, y1: number];

/** A mask over `data` (not copied), or filled with `fill`. Throws ShapeError when the length is not width x height. */
export function createMask(size: Size, data: Float32Array | number = 0): Mask {
  const count = size.width * size.height;
  const values = typeof data === "number" ? new Float32Array(count).fill(data) : data;
  if (!Number.isInteger(size.width) || !Number.isInteger(size.height) || count < 1 || values.length !== count) {
    throw new ShapeError(`a mask of ${size.width}x${size.height} needs ${count} values, got ${values.length}`);
  }
  return { width: size.width, height: size.height, data: values };
}

/** A mask that is 1 inside `box` and 0 outside; pixels cut by the edge get the covered fraction. */
export function fromBox(box: Box, size: Size): Mask {
  const mask = createMask(size);
  const across = coverAxis(box[0], box[2], size.width);
  const down = coverAxis(box[1], box[3], size.height);
  for (let y = 0; y < size.height; y++) {
    for (let x = 0; x < size.width; x++) {
      mask.data[y * size.width + x] = across[x]! * down[y]!;
    }
  }
  return mask;
}

/** 1 where the value is at least `level` (0..1, default 0.5), else 0. */
export function threshold(mask: Mask, level = 0.5): Mask {
  return createMask(
    mask,
    mask.data.map((value) => (value >= level ? 1 : 0)),
  );
}

/** The larger value of each pixel; all masks must have one size and there must be at least one. */
export function union(...masks: readonly Mask[]): Mask {
  const [first, ...rest] = masks;
  if (!first) {
    throw new ShapeError("union needs at least one mask");
  }
  const data = first.data.slice();
  for (const mask of rest) {
    checkSameSize("union", first, mask);
    for (let i = 0; i < data.length; i++) {
      data[i] = Math.max(data[i]!, mask.data[i]!);
    }
  }
  return createMask(first, data);
}

/** The mean value, 0..1: the share of the picture that may change. */
export function coverage(mask: Mask): number {
  let sum = 0;
  for (const value of mask.data) {
    sum += value;
  }
  return sum / mask.data.length;
}

/** The smallest box around every value above `level` (default 0), or undefined when there is none. */
export function bounds(mask: Mask, level = 0): Box | undefined {
  let [left, top, right, bottom] = [mask.width, mask.height, 0, 0];
  for (let y = 0; y < mask.height; y++) {
    for (let x = 0; x < mask.width; x++) {
      if (mask.data[y * mask.width + x]! > level) {
        left = Math.min(left, x);
        right = Math.max(right, x + 1);
        top = Math.min(top, y);
        bottom = y + 1;
      }
    }
  }
  return right === 0 ? undefined : [left / mask.width, top / mask.height, right / mask.width, bottom / mask.height];
}

/** Resamples a mask: area average on an axis that shrinks, linear on one that grows. Same size gives the same mask back. With `window` only that part of the result is made. */
export function resizeMask(mask: Mask, to: Size, window: Window = { ...to, left: 0, top: 0 }): Mask {
  if (
    mask.width === to.width &&
    mask.height === to.height &&
    window.width === to.width &&
    window.height === to.height
  ) {
    return mask;
  }
  return createMask(window, resizePlane(mask.data, mask, to, window));
}

/** Throws ShapeError unless both have one size. */
export function checkSameSize(what: string, a: Size, b: Size): void {
  if (a.width !== b.width || a.height !== b.height) {
    throw new ShapeError(`${what} needs equal sizes, got ${a.width}x${a.height} and ${b.width}x${b.height}`);
  }
}

function coverAxis(start: number, end: number, length: number): Float64Array {
  if (!(start >= 0 && end <= 1 && start < end)) {
    throw new ShapeError(`a box side must satisfy 0 <= start < end <= 1, got ${start}..${end}`, "VALUE_OUT_OF_RANGE");
  }
  const cover = new Float64Array(length);
  for (let i = 0; i < length; i++) {
    cover[i] = Math.max(0, Math.min(end * length, i + 1) - Math.max(start * length, i));
  }
  return cover;
}
