import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { gaussianNoise, scrambleBlock } from "./random.ts";

const hex = (words: Uint32Array) => [...words].map((word) => word.toString(16).padStart(8, "0")).join(" ");

describe("scrambleBlock", () => {
  // Known answers of the reference implementation (Random123, kat_vectors, philox4x32 10 rounds).
  test.each([
    [[0, 0, 0, 0], 0, 0, "6627e8d5 e169c58d bc57ac4c 9b00dbd8"],
    [[0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff], 0xffffffff, 0xffffffff, "408f276d 41c83b0e a20bc7c6 6d5451fd"],
    [[0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344], 0xa4093822, 0x299f31d0, "d16cfe09 94fdcceb 5001e420 24126ea1"],
  ])("gives the published words", (counter, key0, key1, expected) => {
    const words = Uint32Array.from(counter);
    scrambleBlock(words, key0, key1);
    expect(hex(words)).toBe(expected);
  });
});

interface Golden {
  readonly tolerance: number;
  readonly cases: readonly {
    readonly seed: string;
    readonly stream: number;
    readonly dims: number[];
    readonly values: number[];
  }[];
}
const golden = JSON.parse(
  readFileSync(new URL("../../../tests/golden/philox.json", import.meta.url), "utf8"),
) as Golden;

describe("gaussianNoise", () => {
  test.each(golden.cases)("equals its Python twin for seed $seed, stream $stream", ({ seed, stream, dims, values }) => {
    const { data } = gaussianNoise({ seed: BigInt(seed), stream, dims });
    expect(data).toHaveLength(values.length);
    expect(Math.max(...values.map((value, i) => Math.abs(value - data[i]!)))).toBeLessThanOrEqual(golden.tolerance);
  });

  test("is a function of seed, stream and position only", () => {
    const long = gaussianNoise({ seed: 7n, stream: 1, dims: [1, 4, 8, 8] });
    const short = gaussianNoise({ seed: 7n, stream: 1, dims: [5] });
    expect([...short.data]).toEqual([...long.data.subarray(0, 5)]);
    expect(gaussianNoise({ seed: 7n, stream: 2, dims: [5] }).data).not.toEqual(short.data);
    expect(gaussianNoise({ seed: 8n, stream: 1, dims: [5] }).data).not.toEqual(short.data);
    expect(gaussianNoise({ seed: 7n + (1n << 32n), stream: 1, dims: [5] }).data).not.toEqual(short.data);
  });

  test("has the moments of a standard normal", () => {
    const { data } = gaussianNoise({ seed: 123n, stream: 0, dims: [200_000] });
    const moment = (power: number) => data.reduce((sum, value) => sum + value ** power, 0) / data.length;
    expect(Math.abs(moment(1))).toBeLessThan(0.01);
    expect(moment(2)).toBeCloseTo(1, 1);
    expect(Math.abs(moment(3))).toBeLessThan(0.05);
    expect(moment(4)).toBeCloseTo(3, 1);
  });

  test("allows an empty shape", () => {
    expect(gaussianNoise({ seed: 0n, stream: 0, dims: [0, 4] }).data).toHaveLength(0);
  });
});
