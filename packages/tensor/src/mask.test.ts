import { describe, expect, test } from "vitest";
import { composite, compositePixels, type Raster } from "./composite.ts";
import { dilate, feather } from "./mask-edge.ts";
import { bounds, coverage, createMask, fromBox, invert, maskFromTensor, resizeMask, threshold, union } from "./mask.ts";
import { ShapeError } from "./shape-error.ts";
import { float32 } from "./tensor.ts";

const rows = (mask: { width: number; data: Float32Array }) =>
  Array.from({ length: mask.data.length / mask.width }, (_, y) => [
    ...mask.data.subarray(y * mask.width, (y + 1) * mask.width),
  ]);

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

  test("threshold, union and invert", () => {
    const a = createMask({ width: 2, height: 1 }, Float32Array.of(0.2, 0.5));
    const b = createMask({ width: 2, height: 1 }, Float32Array.of(1, 0));
    expect([...threshold(a).data]).toEqual([0, 1]);
    expect([...union(a, b).data]).toEqual([1, 0.5]);
    expect([...invert(b).data]).toEqual([0, 1]);
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

  test("resizeMask averages when shrinking and interpolates when growing", () => {
    const mask = createMask({ width: 4, height: 2 }, Float32Array.of(1, 1, 0, 0, 1, 0, 0, 0));
    expect(rows(resizeMask(mask, { width: 2, height: 1 }))).toEqual([[0.75, 0]]);
    const grown = resizeMask(createMask({ width: 2, height: 1 }, Float32Array.of(0, 1)), { width: 4, height: 2 });
    expect(rows(grown)).toEqual(repeat(2, [0, 0.25, 0.75, 1]));
    expect(coverage(resizeMask(createMask({ width: 7, height: 5 }, 1), { width: 3, height: 11 }))).toBe(1);
    expect(resizeMask(mask, { width: 4, height: 2 })).toBe(mask);
  });

  test("maskFromTensor clamps one plane", () => {
    const mask = maskFromTensor(float32([1, 2, 1, 2], [9, 9, -1, 2]), 1);
    expect(rows(mask)).toEqual([[0, 1]]);
  });
});

describe("composite", () => {
  test("tensors: exact at 0 and 1, linear between, every channel", () => {
    const base = float32([1, 2, 1, 3], [0.1, 0.2, 0.3, 1, 2, 3]);
    const top = float32([1, 2, 1, 3], [0.7, 0.8, 0.9, 5, 6, 7]);
    const mask = createMask({ width: 3, height: 1 }, Float32Array.of(0, 0.5, 1));
    const { data } = composite(base, top, mask);
    expect([data[0], data[2], data[3], data[5]]).toEqual([base.data[0], top.data[2], 1, 7]);
    expect(data[4]).toBe(4);
    expect(() => composite(base, float32([1], [1]), mask)).toThrow(ShapeError);
  });

  test("pixels: untouched where the mask is 0, alpha of the base kept under an RGB top", () => {
    const base: Raster = { width: 2, height: 1, channels: 4, data: Uint8Array.of(1, 2, 3, 99, 10, 20, 30, 77) };
    const top: Raster = { width: 2, height: 1, channels: 3, data: Uint8Array.of(200, 200, 200, 20, 40, 60) };
    const mask = createMask({ width: 2, height: 1 }, Float32Array.of(0, 0.5));
    expect([...compositePixels(base, top, mask).data]).toEqual([1, 2, 3, 99, 15, 30, 45, 77]);
  });
});
