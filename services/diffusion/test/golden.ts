import { readFileSync } from "node:fs";
import { expect } from "vitest";

const FOLDER = new URL("../../../tests/golden/", import.meta.url);

/** Folder of the tiny model family with random weights. */
export const TINY = new URL("tiny/", FOLDER).pathname;

/** A golden of tests/golden; its README gives the shapes. */
export function readGolden<T>(name: string): T {
  return JSON.parse(readFileSync(new URL(name, FOLDER), "utf8")) as T;
}

/** A little-endian float32 golden. */
export function readFloats(name: string): Float32Array {
  return new Float32Array(new Uint8Array(readFileSync(new URL(name, FOLDER))).buffer);
}

/** Compares value by value; the message names the first that differs by more than `tolerance`. */
export function expectClose(
  what: string,
  actual: ArrayLike<number>,
  expected: ArrayLike<number>,
  tolerance: number,
): void {
  expect(actual.length, `${what}: count`).toBe(expected.length);
  for (let i = 0; i < expected.length; i++) {
    const difference = Math.abs(actual[i]! - expected[i]!);
    if (!(difference <= tolerance)) {
      expect.fail(`${what}[${i}]: expected ${expected[i]} within ${tolerance}, got ${actual[i]}`);
    }
  }
}
