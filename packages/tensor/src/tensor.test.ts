import { expect, test } from "vitest";
import { ShapeError } from "./shape-error.ts";
import { asFloat32, concatRows, float32, int64, sliceRows, tensor, zeros } from "./tensor.ts";

test("a tensor checks that its data fit its dims", () => {
  expect(() => tensor("float32", [2, 3], new Float32Array(5))).toThrow(/\[2,3\] needs 6 values, got 5/);
  expect(() => zeros("uint8", [2, -1])).toThrow(ShapeError);
  expect(zeros("int64", [2, 2]).data).toEqual(new BigInt64Array(4));
  expect(zeros("float32", []).data).toHaveLength(1);
  expect(int64([2], [1, 2n]).data).toEqual(BigInt64Array.of(1n, 2n));
});

test("rows are joined and sliced along the first axis", () => {
  const joined = concatRows([float32([1, 2], [1, 2]), float32([2, 2], [3, 4, 5, 6])]);
  expect(joined.dims).toEqual([3, 2]);
  expect([...sliceRows(joined, 1, 3).data]).toEqual([3, 4, 5, 6]);
  expect(sliceRows(joined, 1, 1).dims).toEqual([0, 2]);
  expect(() => concatRows([float32([1, 2], [1, 2]), float32([1, 3], [1, 2, 3])])).toThrow(ShapeError);
  expect(() => concatRows([])).toThrow(ShapeError);
  expect(() => sliceRows(joined, 2, 4)).toThrow(/outside 0\.\.3/);
});

test("asFloat32 narrows", () => {
  const value = float32([4], [1, 2, 3, 4]);
  expect(asFloat32(value, "noise")).toBe(value);
  expect(() => asFloat32(int64([1], [1]), "noise")).toThrow("noise must be a float32 tensor, got int64");
});
