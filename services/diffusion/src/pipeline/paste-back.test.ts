import { createPicture } from "@moodifier/inference";
import { createMask, fromBox } from "@moodifier/tensor";
import { expect, test } from "vitest";
import { findReach, soften } from "./mask-reach.ts";
import { measureOutside, pasteBack } from "./paste-back.ts";

function fill(width: number, height: number, channels: 3 | 4, value: number) {
  return createPicture({ width, height, channels, data: new Uint8Array(width * height * channels).fill(value) });
}

test("outside the softened mask every sample is the source's; inside the edit takes over without a step", async () => {
  const [source, edited] = [fill(40, 30, 4, 10), fill(8, 8, 3, 210)];
  const mask = fromBox([0.25, 0.2, 0.75, 0.8], { width: 40, height: 30 });
  const { picture, weights } = await pasteBack(source, edited, mask, 3);
  const at = (x: number, y: number) => [...picture.data.subarray((y * 40 + x) * 4, (y * 40 + x) * 4 + 4)];
  expect(at(20, 15)).toEqual([210, 210, 210, 10]);
  expect(at(6, 15)).toEqual([10, 10, 10, 10]);
  const ramp = Array.from({ length: 8 }, (_, i) => at(6 + i, 15)[0]!);
  expect(ramp).toEqual(ramp.toSorted((a, b) => a - b));
  expect(weights.box).toEqual({ left: 7, top: 3, right: 33, bottom: 27 });
  expect(measureOutside(source, picture, weights)).toMatchObject({ maxAbsDiff: 0, changedPx: 0 });
});

test("a changed pixel outside is found wherever it lies", async () => {
  const [source, edited] = [fill(20, 20, 3, 50), fill(8, 8, 3, 60)];
  const mask = fromBox([0.4, 0.4, 0.6, 0.6], { width: 20, height: 20 });
  const { picture, weights } = await pasteBack(source, edited, mask, 0);
  const total = 20 * 20 - 16;
  expect(measureOutside(source, picture, weights)).toEqual({ maxAbsDiff: 0, changedPx: 0, totalPx: total });
  for (const [x, y] of [
    [0, 0],
    [19, 19],
    [7, 9],
    [12, 9],
  ] as const) {
    const spoiled = { ...picture, data: picture.data.slice() };
    spoiled.data[(y * 20 + x) * 3 + 1] = 47;
    expect(measureOutside(source, spoiled, weights), `${x},${y}`).toEqual({
      maxAbsDiff: 3,
      changedPx: 1,
      totalPx: total,
    });
  }
});

test("holes inside the mask's box count as outside", () => {
  const mask = createMask({ width: 3, height: 1 }, Float32Array.of(1, 0, 1));
  const [source, result] = [fill(3, 1, 3, 5), fill(3, 1, 3, 9)];
  expect(measureOutside(source, result, soften(mask, 0))).toEqual({ maxAbsDiff: 4, changedPx: 1, totalPx: 1 });
});

test("the reach of a mask is tight, and empty for an empty one", () => {
  const mask = createMask({ width: 5, height: 4 });
  expect(findReach(mask)).toEqual({ left: 0, top: 0, right: 0, bottom: 0 });
  mask.data[7] = 0.1;
  mask.data[16] = 1;
  expect(findReach(mask)).toEqual({ left: 1, top: 1, right: 3, bottom: 4 });
  expect(soften(mask, 64).box).toEqual({ left: 0, top: 0, right: 5, bottom: 4 });
});
