import { expect, test } from "vitest";
import { cropCentre } from "./centre-crop.ts";

test("the middle of a wide picture is kept", () => {
  const wide = { width: 3, height: 1, channels: 3 as const, data: Uint8Array.of(1, 1, 1, 2, 2, 2, 3, 3, 3) };
  expect(cropCentre(wide)).toEqual({ width: 1, height: 1, channels: 3, data: Uint8Array.of(2, 2, 2) });
});

test("the middle of a tall picture is kept with its alpha", () => {
  const tall = { width: 1, height: 3, channels: 4 as const, data: Uint8Array.from({ length: 12 }, (_, at) => at) };
  expect(cropCentre(tall).data).toEqual(Uint8Array.of(4, 5, 6, 7));
});

test("a square picture is returned as it is", () => {
  const square = { width: 1, height: 1, channels: 3 as const, data: Uint8Array.of(1, 2, 3) };
  expect(cropCentre(square)).toBe(square);
});
