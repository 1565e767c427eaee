import { encodeImage, decodeImage, type Picture } from "@moodifier/inference";
import { describe, expect, it } from "vitest";
import { drawBlocks, noise } from "../../tests/stand-ins.ts";
import { distance, findNearDuplicates, type HashList } from "./near-duplicates.ts";
import { averageColours, colourDifference, hashPicture, shrinkPicture } from "./perceptual-hash.ts";

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

  it("takes near hashes for copies only where they are confirmed, and compares with those that were not", () => {
    const one = noise("one", 32);
    const hashes = [one, flip(one, [1]), flip(one, [2]), flip(one, [3])];
    const looks = ["red", "blue", "red", "blue"];
    const list = { ...listOf(hashes), confirm: (a: number, b: number) => looks[a] === looks[b] };
    expect(Array.from(findNearDuplicates(list, 4))).toEqual([-1, -1, 0, 1]);
  });

  it("refuses a distance that it cannot search exactly", () => {
    expect(() => findNearDuplicates(listOf([]), 8)).toThrow(/0..7/);
  });
});

describe("hashPicture", () => {
  const bitsBetween = (a: string, b: string): number => distance(Buffer.from(a, "hex"), Buffer.from(b, "hex"));

  const hashOf = async (picture: Picture) => hashPicture(await shrinkPicture(picture));

  it("hardly changes when a picture is encoded again or made smaller, and tells different pictures apart", async () => {
    const source = await decodeImage(await drawBlocks("one", 512));
    const hash = await hashOf(source);
    expect(hash).toMatch(/^[0-9a-f]{64}$/);
    const jpeg = await decodeImage(await encodeImage(source, { format: "jpeg", quality: 60 }));
    expect(bitsBetween(hash, await hashOf(jpeg))).toBeLessThanOrEqual(4);
    const smaller = await decodeImage(await drawBlocks("one", 128));
    expect(bitsBetween(hash, await hashOf(smaller))).toBeLessThanOrEqual(4);
    const other = await hashOf(await decodeImage(await drawBlocks("two", 128)));
    expect(bitsBetween(hash, other)).toBeGreaterThan(40);
  });
});

describe("averageColours", () => {
  it("hardly change when a picture is encoded again, made smaller or a tenth brighter, and tell colours apart", async () => {
    const source = await decodeImage(await drawBlocks("one", 512));
    const bytes = async (picture: Picture) => Buffer.from(averageColours(await shrinkPicture(picture)), "base64");
    const own = await bytes(source);
    expect(own).toHaveLength(48);
    const jpeg = await decodeImage(await encodeImage(source, { format: "jpeg", quality: 60 }));
    expect(colourDifference(own, await bytes(jpeg))).toBeLessThanOrEqual(6);
    const smaller = await decodeImage(await drawBlocks("one", 128));
    expect(colourDifference(own, await bytes(smaller))).toBeLessThanOrEqual(6);
    const brighter = { ...source, data: source.data.map((value) => Math.min(255, value * 1.1)) };
    expect(colourDifference(own, await bytes(brighter))).toBeLessThanOrEqual(26);
    // Red and blue changed places: the same picture to a hash of brightness alone, nearly.
    const { channels } = source;
    const swapped = source.data.map(
      (_, i) => source.data[i % channels === 0 ? i + 2 : i % channels === 2 ? i - 2 : i]!,
    );
    expect(colourDifference(own, await bytes({ ...source, data: swapped }))).toBeGreaterThan(32);
  });
});
