import { encodeImage, decodeImage } from "@moodifier/inference";
import { describe, expect, it } from "vitest";
import { drawBlocks, noise } from "../../tests/stand-ins.ts";
import { distance, findNearDuplicates, type HashList } from "./near-duplicates.ts";
import { hashPicture } from "./perceptual-hash.ts";

const listOf = (hashes: readonly Uint8Array[]): HashList => {
  const bytes = Buffer.concat(hashes);
  return { count: hashes.length, read: (from, count) => bytes.subarray(from * 32, (from + count) * 32) };
};

/** A copy with some bits turned over. */
function flip(hash: Uint8Array, bits: readonly number[]): Uint8Array {
  const copy = hash.slice();
  for (const bit of bits) copy[bit >> 3]! ^= 1 << (bit & 7);
  return copy;
}

describe("findNearDuplicates", () => {
  it("finds what comparing all with all finds", () => {
    const hashes: Uint8Array[] = [];
    for (let i = 0; i < 600; i++) {
      const flips = Array.from(noise(`flips ${i}`, i % 9), (value) => value);
      if (i % 5 === 4) hashes.push(flip(hashes[i - 3]!, flips));
      else hashes.push(noise(`hash ${i}`, 32));
    }
    for (const maxDistance of [0, 3, 7]) {
      const found = findNearDuplicates(listOf(hashes), maxDistance);
      const expected = hashes.map((hash, i) =>
        hashes.slice(0, i).some((other) => distance(other, hash) <= maxDistance),
      );
      expect(Array.from(found, (original) => original >= 0)).toEqual(expected);
      found.forEach((original, i) => {
        if (original >= 0) expect(distance(hashes[original]!, hashes[i]!)).toBeLessThanOrEqual(maxDistance);
      });
      expect(expected.filter(Boolean).length).toBeGreaterThan(5);
    }
  });

  it("does not slow down over pictures that are all the same", () => {
    const blank = new Uint8Array(32);
    const found = findNearDuplicates(listOf(Array.from({ length: 20_000 }, () => blank)), 4);
    expect(found.filter((original) => original === 0)).toHaveLength(19_999);
  });

  it("refuses a distance that it cannot search exactly", () => {
    expect(() => findNearDuplicates(listOf([]), 8)).toThrow(/0..7/);
  });
});

describe("hashPicture", () => {
  const bitsBetween = (a: string, b: string): number => distance(Buffer.from(a, "hex"), Buffer.from(b, "hex"));

  it("hardly changes when a picture is encoded again or made smaller, and tells different pictures apart", async () => {
    const source = await decodeImage(await drawBlocks("one", 512));
    const hash = await hashPicture(source);
    expect(hash).toMatch(/^[0-9a-f]{64}$/);
    const jpeg = await decodeImage(await encodeImage(source, { format: "jpeg", quality: 60 }));
    expect(bitsBetween(hash, await hashPicture(jpeg))).toBeLessThanOrEqual(4);
    const smaller = await decodeImage(await drawBlocks("one", 128));
    expect(bitsBetween(hash, await hashPicture(smaller))).toBeLessThanOrEqual(4);
    const other = await hashPicture(await decodeImage(await drawBlocks("two", 128)));
    expect(bitsBetween(hash, other)).toBeGreaterThan(40);
  });
});
