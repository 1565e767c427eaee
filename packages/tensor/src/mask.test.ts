import { describe, expect, test } from "vitest";
import { dilate, feather } from "./mask-edge.ts";
import { bounds, coverage, createMask, fromBox, resizeMask, threshold, union } from "./mask.ts";
import { ShapeError } from "./shape-error.ts";

const rows = (mask: { width: number; data: Float32Array }) =>
  Array.from({ length: mask.data.length / mask.width }, (_, y) => [
    ...mask.data.subarray(y * mask.width, (y + 1) * mask.width),
  ]);

/** Values 0..1, many of them equal to their neighbours. */
const randomValues = (count: number, seed = 1) => {
  let state = seed;
  let value = 0;
  const next = () => (state = (state * 48_271) % 2_147_483_647) / 2_147_483_647;
  return Float32Array.from({ length: count }, () => {
    if (next() < 0.2) value = next() < 0.5 ? Math.round(next()) : next();
    return value;
  });
};

const repeat = (count: number, row: number[]) => Array.from({ length: count }, () => row);

describe("masks", () => {
  test("fromBox covers border pixels partly, bounds finds the box again", () => {
    const mask = fromBox([0.25, 0, 0.625, 0.5], { width: 4, height: 2 });
    expect(rows(mask)).toEqual([
      [0, 1, 0.5, 0],
      [0, 0, 0, 0],
    ]);
    expect(bounds(mask)).toEqual([0.25, 0, 0.75, 0.5]);
    expect(bounds(createMask(mask))).toBeUndefined();
    expect(coverage(mask)).toBeCloseTo(1.5 / 8);
    expect(() => fromBox([0.5, 0, 0.4, 1], mask)).toThrow(ShapeError);
    expect(() => fromBox([0, 0, 1.1, 1], mask)).toThrow(/0 <= start < end <= 1/);
  });

  test("threshold and union", () => {
    const a = createMask({ width: 2, height: 1 }, Float32Array.of(0.2, 0.5));
    const b = createMask({ width: 2, height: 1 }, Float32Array.of(1, 0));
    expect([...threshold(a).data]).toEqual([0, 1]);
    expect([...union(a, b).data]).toEqual([1, 0.5]);
    expect(() => union(a, createMask({ width: 1, height: 1 }))).toThrow(/equal sizes, got 2x1 and 1x1/);
    expect(() => union()).toThrow(ShapeError);
  });

  test("dilate grows by a square, also at the border", () => {
    const mask = createMask({ width: 5, height: 3 });
    mask.data[5] = 1;
    mask.data[9] = 0.5;
    expect(rows(dilate(mask, 1))).toEqual(repeat(3, [1, 1, 0, 0.5, 0.5]));
    expect(dilate(mask, 0)).toBe(mask);
    expect(rows(dilate(mask, 9))).toEqual(repeat(3, [1, 1, 1, 1, 1]));
    expect(() => dilate(mask, -1)).toThrow(/radiusPx/);
  });

  test("feather keeps far pixels exactly 0 and a full mask exactly 1", () => {
    const size = { width: 41, height: 41 };
    const mask = createMask(size);
    mask.data[20 * 41 + 20] = 1;
    const soft = feather(mask, 2);
    expect(soft.data[20 * 41 + 20 + 7]).toBe(0);
    expect(soft.data[20 * 41 + 20 + 6]).toBeGreaterThan(0);
    expect(soft.data.reduce((sum, v) => sum + v)).toBeCloseTo(1, 5);
    expect(new Set(feather(createMask(size, 1), 3).data)).toEqual(new Set([1]));
    expect(feather(mask, 0)).toBe(mask);
  });

  test("feather is the plain sum over the window, bit by bit", () => {
    for (const [seed, width, height, sigma] of [
      [1, 40, 30, 1],
      [2, 25, 60, 2.5],
      [3, 7, 9, 4],
      [4, 1, 50, 3],
    ] as const) {
      const mask = createMask({ width, height }, randomValues(width * height, seed));
      const half = Array.from({ length: Math.ceil(3 * sigma) + 1 }, (_, d) => Math.exp(-(d * d) / (2 * sigma * sigma)));
      const total = half.reduce((sum, weight, d) => sum + weight * (d === 0 ? 1 : 2), 0);
      const blur = (from: Float32Array, step: number, length: number, at: (line: number) => number, lines: number) => {
        const to = new Float32Array(from.length);
        for (let line = 0; line < lines; line++) {
          for (let i = 0; i < length; i++) {
            const read = (place: number) => from[at(line) + Math.min(length - 1, Math.max(0, place)) * step]!;
            let sum = read(i);
            for (let d = 1; d < half.length; d++)
              sum += (half[d]! / total) * (read(i - d) - read(i) + (read(i + d) - read(i)));
            to[at(line) + i * step] = Math.min(1, Math.max(0, sum));
          }
        }
        return to;
      };
      const across = blur(mask.data, 1, width, (y) => y * width, height);
      expect(feather(mask, sigma).data).toEqual(blur(across, width, height, (x) => x, width));
    }
  });

  test("resizeMask averages when shrinking and interpolates when growing", () => {
    const mask = createMask({ width: 4, height: 2 }, Float32Array.of(1, 1, 0, 0, 1, 0, 0, 0));
    expect(rows(resizeMask(mask, { width: 2, height: 1 }))).toEqual([[0.75, 0]]);
    const grown = resizeMask(createMask({ width: 2, height: 1 }, Float32Array.of(0, 1)), { width: 4, height: 2 });
    expect(rows(grown)).toEqual(repeat(2, [0, 0.25, 0.75, 1]));
    expect(coverage(resizeMask(createMask({ width: 7, height: 5 }, 1), { width: 3, height: 11 }))).toBe(1);
    expect(resizeMask(mask, { width: 4, height: 2 })).toBe(mask);
  });

  test("a window of a resized mask holds the values of the whole", () => {
    const mask = createMask({ width: 6, height: 5 }, randomValues(30));
    for (const to of [
      { width: 13, height: 17 },
      { width: 4, height: 3 },
      { width: 6, height: 5 },
    ]) {
      const whole = resizeMask(mask, to);
      const window = { left: 1, top: 2, width: to.width - 2, height: to.height - 2 };
      const expected = rows(whole)
        .slice(2)
        .map((row) => row.slice(1, -1));
      expect(rows(resizeMask(mask, to, window))).toEqual(expected);
    }
    const outside = { left: 1, top: 0, width: 6, height: 5 };
    expect(() => resizeMask(mask, { width: 6, height: 6 }, outside)).toThrow(/6x5 at 1,0 lies outside 6x6/);
  });
});
