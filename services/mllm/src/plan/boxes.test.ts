import { expect, test } from "vitest";
import { MIN_BOX_SIDE, normaliseBox, padBox } from "./boxes.ts";

test("corners are put in order and cut to the picture", () => {
  expect(normaliseBox([0.7, 0.9, 0.3, -0.1])).toEqual([0.3, 0, 0.7, 0.9]);
  expect(normaliseBox([0, 0, 1.2, 1])).toEqual([0, 0, 1, 1]);
});

test("a flat box grows about its centre and stays inside", () => {
  const [x0 = 0, y0 = 0, x1 = 0, y1 = 0] = normaliseBox([0.5, 1, 0.5, 1]) ?? [];
  expect([x0, x1]).toEqual([0.5 - MIN_BOX_SIDE / 2, 0.5 + MIN_BOX_SIDE / 2].map((value) => expect.closeTo(value, 6)));
  expect([y0, y1]).toEqual([1 - MIN_BOX_SIDE, 1].map((value) => expect.closeTo(value, 6)));
});

test("thousandths are recognised", () => {
  expect(normaliseBox([100, 200, 300, 1000])).toEqual([0.1, 0.2, 0.3, 1]);
});

test.each([[[0.1, 0.2, 0.3]], [[0.1, 0.2, 0.3, Number.NaN]], [[0, 0, 4000, 20]], [[-3, 0, 1, 1]]])(
  "%o is no box",
  (numbers) => {
    expect(normaliseBox(numbers)).toBeUndefined();
  },
);

test("padding grows every side and stops at the edge", () => {
  const padded = padBox([0.4, 0, 0.6, 0.4], 0.25);
  expect(padded).toEqual([0.35, 0, 0.65, 0.5].map((value) => expect.closeTo(value, 6)));
});
