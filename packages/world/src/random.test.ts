import { expect, it } from "vitest";
import { createRandom, hashKey } from "./random.ts";

it("repeats for a key and differs between keys", () => {
  const draw = (...key: (string | number)[]): number[] => {
    const random = createRandom(...key);
    return Array.from({ length: 8 }, () => random.next());
  };
  expect(draw("a", 1)).toEqual(draw("a", 1));
  expect(draw("a", 1)).not.toEqual(draw("a", 2));
  expect(hashKey("a", "bc")).not.toBe(hashKey("ab", "c"));
});

it("is uniform enough, and respects weights", () => {
  const random = createRandom("uniform");
  const counts = [0, 0, 0, 0];
  for (let i = 0; i < 8000; i++) counts[random.below(4)]!++;
  for (const count of counts) expect(Math.abs(count - 2000)).toBeLessThan(160);
  let first = 0;
  for (let i = 0; i < 4000; i++) {
    if (
      random.weighted([
        ["a", 3],
        ["b", 1],
      ]) === "a"
    )
      first++;
  }
  expect(first / 4000).toBeCloseTo(0.75, 1);
  expect(() => random.pick([])).toThrow(RangeError);
});
