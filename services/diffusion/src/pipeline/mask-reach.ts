import { createMask, feather, type Mask, type Size } from "@moodifier/tensor";

/** A rectangle of whole pixels; `right` and `bottom` lie outside. */
export interface PixelBox {
  readonly left: number;
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
}

/** A mask of which only the part inside `box` is stored; it is 0 elsewhere. */
export interface PartialMask {
  readonly box: PixelBox;
  /** Size of the box. */
  readonly part: Mask;
}

/** Smallest box that holds every value above 0; an empty box at 0,0 when there is none. */
export function findReach({ width, height, data }: Mask): PixelBox {
  let [left, right, top, bottom] = [width, 0, height, 0];
  for (let y = 0; y < height; y++) {
    const start = y * width;
    let first = start;
    while (first < start + width && !(data[first]! > 0)) {
      first++;
    }
    if (first === start + width) {
      continue;
    }
    let last = start + width - 1;
    while (!(data[last]! > 0)) {
      last--;
    }
    left = Math.min(left, first - start);
    right = Math.max(right, last - start + 1);
    top = Math.min(top, y);
    bottom = y + 1;
  }
  return right === 0 ? { left: 0, top: 0, right: 0, bottom: 0 } : { left, top, right, bottom };
}

/**
 * Softens the border over `featherPx` pixels to both sides and keeps only the part that the result reaches: on a large picture that is
 * little. The Gaussian is cut at 3 sigma, which is the feather's reach.
 */
export function soften(mask: Mask, featherPx: number): PartialMask {
  const tight = findReach(mask);
  const box = tight.right === 0 ? tight : grow(tight, featherPx, mask);
  if (box.right === 0) {
    return { box, part: createMask({ width: 1, height: 1 }) };
  }
  const part = createMask({ width: box.right - box.left, height: box.bottom - box.top });
  for (let y = box.top; y < box.bottom; y++) {
    const row = mask.data.subarray(y * mask.width + box.left, y * mask.width + box.right);
    part.data.set(row, (y - box.top) * part.width);
  }
  return { box, part: feather(part, featherPx / 3) };
}

function grow(box: PixelBox, by: number, limit: Size): PixelBox {
  return {
    left: Math.max(0, box.left - by),
    top: Math.max(0, box.top - by),
    right: Math.min(limit.width, box.right + by),
    bottom: Math.min(limit.height, box.bottom + by),
  };
}
