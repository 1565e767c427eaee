import { expect, test } from "vitest";
import { readGolden } from "../../test/golden.ts";
import { alignTokens, findSwaps } from "./align.ts";
import { identityControl, refine, replace, reweight } from "./controls.ts";

interface Golden {
  cases: { name: string; source: number[]; target: number[]; length: number; mapper: number[]; alpha: number[] }[];
}
const golden = readGolden<Golden>("aligner.json");

test.each(golden.cases)("aligner equals the Python reference: $name", ({ source, target, length, mapper, alpha }) => {
  const { map, keep } = refine(alignTokens(source, target), length);
  for (let j = 0; j < length; j++) {
    const column = Array.from({ length }, (_, i) => map[i * length + j]!);
    const expected = Array.from({ length }, (_, i) => Number(alpha[j] === 1 && mapper[j] === i));
    expect(column, `column ${j}`).toEqual(expected);
    expect(keep[j], `keep ${j}`).toBe(1 - alpha[j]!);
  }
});

/** start a b c end -> start a X Y c d end */
const source = [90, 1, 2, 3, 91];
const target = [90, 1, 7, 8, 3, 4, 91];

test("a changed word is a swap, an inserted one is not", () => {
  const alignment = alignTokens(source, target);
  expect([...alignment]).toEqual([0, 1, -1, -1, 3, -1, 4]);
  expect(findSwaps(alignment, source.length)).toEqual([{ sourceStart: 2, sourceEnd: 3, targetStart: 2, targetEnd: 4 }]);
});

test("replace shares the replaced token's map among its successors and leaves insertions alone", () => {
  const { map, keep } = replace(alignTokens(source, target), source.length, 8);
  const column = (j: number) => Array.from({ length: 8 }, (_, i) => map[i * 8 + j]!);
  expect(column(2)).toEqual([0, 0, 0.5, 0, 0, 0, 0, 0]);
  expect(column(3)).toEqual(column(2));
  expect([...keep]).toEqual([0, 0, 0, 0, 0, 1, 0, 0]);
  const paired = replace(alignTokens([90, 1, 2, 91], [90, 7, 8, 91]), 4, 4);
  expect([...paired.map]).toEqual([...identityControl(4).map]);
});

test("reweight scales the map and the own share of its tokens only", () => {
  const before = refine(alignTokens(source, target), 8);
  const after = reweight(before, [1, 2], 2);
  expect(after.map[1 * 8 + 1]).toBe(2);
  expect([...after.keep]).toEqual([0, 0, 2, 1, 0, 1, 0, 0]);
  expect(after.map[3 * 8 + 4]).toBe(1);
  expect(before.keep[2]).toBe(1);
});
