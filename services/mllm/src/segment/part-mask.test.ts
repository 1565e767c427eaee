import { createPicture } from "@moodifier/inference";
import { coverage, createMask, fromBox } from "@moodifier/tensor";
import { expect, test } from "vitest";
import { createSquareView } from "../picture/square-view.ts";
import { boxMask, finishPart } from "./part-mask.ts";
import { promptTensor } from "./segmenter.ts";

const size = { width: 80, height: 40 };
const view = await createSquareView(createPicture({ ...size, channels: 3, data: new Uint8Array(80 * 40 * 3) }));

test("a part of the view lands at its place in the picture", () => {
  // The left half of the picture, which is the middle half of the view's rows.
  const drawn = fromBox([0, 0.25, 0.5, 0.75], { width: 32, height: 32 });
  const { mask, confidence } = finishPart(drawn, view, size, { grow: false });
  expect([mask.width, mask.height]).toEqual([80, 40]);
  expect(coverage(mask)).toBeCloseTo(0.5, 1);
  expect([mask.data[20 * 80 + 10], mask.data[20 * 80 + 70]]).toEqual([1, 0]);
  expect(confidence).toBeGreaterThan(0.9);
});

test("growing adds a border, the limit cuts what lies outside", () => {
  const drawn = fromBox([0.25, 0.375, 0.75, 0.625], { width: 32, height: 32 });
  const plain = finishPart(drawn, view, size, { grow: false });
  const grown = finishPart(drawn, view, size, { grow: true });
  const cut = finishPart(drawn, view, size, { grow: false, within: [0.25, 0.375, 0.5, 0.625] });
  expect(coverage(grown.mask)).toBeGreaterThan(coverage(plain.mask));
  expect(coverage(cut.mask)).toBeCloseTo(coverage(plain.mask) / 2, 1);
});

test("a very long picture costs no more than its own pixels", async () => {
  const long = { width: 20_000, height: 100 };
  const strip = await createSquareView(createPicture({ ...long, channels: 3, data: new Uint8Array(6_000_000) }));
  const drawn = fromBox([0, 0, 0.5, 1], { width: 32, height: 32 });
  const before = process.memoryUsage().arrayBuffers;
  const { mask } = finishPart(drawn, strip, long, { grow: false });
  // The square around it would hold 1.6 GB.
  expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(100e6);
  expect([mask.width, mask.height]).toEqual([20_000, 100]);
  expect(coverage(mask)).toBeCloseTo(0.5, 1);
});

test("an empty part has no confidence", () => {
  const { mask, confidence } = finishPart(createMask({ width: 8, height: 8 }, 0.3), view, size, { grow: true });
  expect([coverage(mask), confidence]).toEqual([0, 0]);
});

test("a box mask has every pixel that the box touches", () => {
  expect(coverage(boxMask([0.4, 0.4, 0.6, 0.6], { width: 1, height: 1 }))).toBe(1);
  expect([...boxMask([0.3, 0, 0.5, 1], { width: 4, height: 1 }).data]).toEqual([0, 1, 0, 0]);
});

test("the prompt holds the filled box and a peak at each point", () => {
  const { dims, data } = promptTensor({ box: [0, 0, 0.5, 1], points: [{ x: 0.75, y: 0.25 }] }, 16);
  expect(dims).toEqual([1, 2, 16, 16]);
  expect([data[0], data[8]]).toEqual([1, 0]);
  const heat = data.subarray(256);
  const peak = heat.indexOf(Math.max(...heat));
  expect([11, 12]).toContain(peak % 16);
  expect([3, 4]).toContain(Math.floor(peak / 16));
});
