import { expect, test } from "vitest";
import { draftByLookup } from "./prompt-lookup.ts";

test("what followed the same tokens the last time is proposed", () => {
  expect(draftByLookup([1, 2, 3, 4, 5, 9, 1, 2, 3], 2)).toEqual([4, 5]);
  expect(draftByLookup([7, 1, 2, 8, 1, 2, 6, 1, 2], 1)).toEqual([6]);
});

test("a longer match wins over a later one", () => {
  expect(draftByLookup([5, 1, 2, 8, 0, 1, 2, 6, 5, 1, 2], 1)).toEqual([8]);
});

test("nothing is proposed for an end that never stood before", () => {
  expect(draftByLookup([1, 2, 3, 4], 8)).toEqual([]);
  expect(draftByLookup([1], 8)).toEqual([]);
  expect(draftByLookup([], 8)).toEqual([]);
});

test("a draft ends where the history ends", () => {
  expect(draftByLookup([1, 2, 1, 2], 8)).toEqual([1, 2]);
});
