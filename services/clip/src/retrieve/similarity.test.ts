import { float32 } from "@moodifier/tensor";
import { expect, test } from "vitest";
import { similarityMatrix } from "./similarity.ts";

test("rows are pictures and columns are texts", () => {
  const x = float32([2], [1, 0]);
  const y = float32([2], [0, 1]);
  const between = float32([2], [Math.SQRT1_2, Math.SQRT1_2]);
  const matrix = similarityMatrix([x, between], [x, y, between]);
  expect(matrix.dims).toEqual([2, 3]);
  for (const [index, value] of [1, 0, Math.SQRT1_2, Math.SQRT1_2, Math.SQRT1_2, 1].entries()) {
    expect(matrix.data[index]).toBeCloseTo(value, 6);
  }
});

test("vectors of different lengths are refused", () => {
  expect(() => similarityMatrix([float32([1], [1])], [float32([2], [1, 0])])).toThrow("vectors of 1 and 2 values");
});
