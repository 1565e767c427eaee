import { expect, test } from "vitest";
import { checkProportions } from "./proportions.ts";

test.each([
  [15, 15, "IMAGE_TOO_SMALL"],
  [400, 15, "IMAGE_TOO_SMALL"],
  [129, 16, "IMAGE_TOO_NARROW"],
  [100, 20_000, "IMAGE_TOO_NARROW"],
])("%i x %i is refused as %s", (width, height, reason) => {
  expect(() => checkProportions({ width, height })).toThrow(
    expect.objectContaining({ reason, message: expect.stringContaining(`got ${width} x ${height}`) }),
  );
});

test.each([
  [16, 16],
  [128, 16],
])("%i x %i can be edited", (width, height) => {
  checkProportions({ width, height });
});
