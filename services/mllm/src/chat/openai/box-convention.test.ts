import { expect, test } from "vitest";
import { judgeProbe, paintProbe, PROBE, readBox } from "./box-convention.ts";

const [x0, y0, x1, y1] = PROBE.target;
const inPicture = [x0, (y0 - 0.25) * 2, x1, (y1 - 0.25) * 2];

test.each([
  ["fractions of the square", PROBE.target, { unit: "fraction", frame: "square" }],
  ["fractions of the picture inside it", inPicture, { unit: "fraction", frame: "picture" }],
  ["thousandths", PROBE.target.map((value) => value * 1000), { unit: "thousandth", frame: "square" }],
  ["pixels", PROBE.target.map((value) => value * 672), { unit: "pixel", frame: "square" }],
  ["pixels of the picture inside it", [336, 67, 504, 268], { unit: "pixel", frame: "picture" }],
  ["nothing", [0, 0, 0.1, 0.1], undefined],
])("the probe tells %s", (_, numbers, convention) => {
  expect(judgeProbe(numbers, 672)).toEqual(convention);
});

test("a box is read as its convention counts", () => {
  const frame = [0, 0.25, 1, 0.75] as const;
  expect(readBox([336, 168, 504, 336], { unit: "pixel", frame: "square" }, 672)).toEqual([0.5, 0.25, 0.75, 0.5]);
  expect(readBox([500, 250, 750, 500], { unit: "thousandth", frame: "square" }, 672)).toEqual([0.5, 0.25, 0.75, 0.5]);
  expect(readBox([0.5, 0.2, 0.7, 0.6], { unit: "fraction", frame: "picture" }, 672, [...frame])).toEqual([
    0.5, 0.35, 0.7, 0.55,
  ]);
  expect(readBox([0.5, 0.2, 0.7, 0.6], { unit: "pixel", frame: "square" }, 672)).toEqual([0.5, 0.2, 0.7, 0.6]);
  expect(readBox([500, 250, 750, 500], undefined, 672)).toEqual([0.5, 0.25, 0.75, 0.5]);
  expect(readBox([1, 2, 3], { unit: "pixel", frame: "square" }, 672)).toBeUndefined();
});

test("the probe's red rectangle is where it says", () => {
  const { data, width } = paintProbe();
  const red = (x: number, y: number) => data[(Math.floor(y * width) * width + Math.floor(x * width)) * 3];
  expect(red((x0 + x1) / 2, (y0 + y1) / 2)).toBe(220);
  expect(red(0.1, 0.5)).toBe(150);
  expect(red(0.5, 0.1)).toBe(0);
});
