import { expect, test } from "vitest";
import { anyresTokens, chooseSide } from "./anyres.ts";

test.each([
  [672, 672, 2928],
  [512, 512, 2928],
  [336, 336, 1176],
  [1024, 768, 2340],
  [1920, 1080, 1948],
])("a %d x %d picture costs %d tokens", (width, height, tokens) => {
  expect(anyresTokens({ width, height })).toBe(tokens);
});

test("a picture is made small only when the budget needs it", () => {
  expect(chooseSide(672, 2928)).toBe(672);
  expect(chooseSide(672, 2927)).toBe(336);
  expect(chooseSide(256, 1176)).toBe(256);
  expect(() => chooseSide(672, 1175)).toThrow(/at least 1176, .* got 1175/);
});
