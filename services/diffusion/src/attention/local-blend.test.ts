import { expect, test } from "vitest";
import { alignTokens } from "./align.ts";
import { chooseBlendTokens, LocalBlend, mapSize } from "./local-blend.ts";
import { findWords } from "./word-tokens.ts";

test("blend tokens are the words', or all new ones, with the source tokens in their place", () => {
  const [source, target] = [
    [90, 1, 2, 3, 91],
    [90, 1, 7, 8, 3, 4, 91],
  ];
  const alignment = alignTokens(source, target);
  expect(chooseBlendTokens(alignment, 5, [])).toEqual({ source: [2], target: [2, 3, 5] });
  expect(chooseBlendTokens(alignment, 5, [4])).toEqual({ source: [3], target: [4] });
});

test("the mask lies where the chosen tokens draw attention, grown by one map cell", () => {
  const blend = new LocalBlend({ width: 8, height: 8 }, { source: [0], target: [1] });
  const map = new Float32Array(4 * 4 * 2);
  map[(3 * 4 + 3) * 2 + 1] = 1;
  expect(blend.mask()).toBeUndefined();
  blend.add({ data: new Float32Array(32), length: 2 }, { data: map, length: 2 });
  const mask = blend.mask()!;
  expect([mask.data[0], mask.data[63], mask.data[3 * 8 + 3], mask.data[4 * 8 + 4]]).toEqual([0, 1, 0, 1]);
});

test("map sizes follow the halvings of an odd latent", () => {
  expect(mapSize({ width: 9, height: 13 }, 3 * 4)).toEqual({ width: 3, height: 4 });
  expect(() => mapSize({ width: 8, height: 8 }, 5)).toThrow("no halving of 8x8 has 5 cells");
});

test("words are found across pieces, in any case, with either end mark, and missing ones are named", () => {
  const text = { ids: [0, 1, 2, 3, 4, 5], pieces: ["", "a ", "twin", "kling ", "eye</w>", ""] };
  expect(findWords(text, ["Twinkling", "the Eye,"])).toEqual({ tokens: [2, 3, 4], missing: [] });
  expect(findWords(text, ["eyes", "twin", "!"])).toEqual({ tokens: [2], missing: ["eyes", "!"] });
});
