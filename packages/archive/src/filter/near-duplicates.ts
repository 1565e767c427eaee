import { HASH_BITS } from "./perceptual-hash.ts";

/** Bands that a hash is cut into. Two hashes that differ in fewer bits than there are bands agree in at least one (pigeonhole). */
const BANDS = 8;
/** Largest distance, in bits, that the search is exact for. */
export const MAX_DISTANCE = BANDS - 1;

const BYTES = HASH_BITS / 8;
const KEY_BITS = HASH_BITS / BANDS;
/** Band keys that are sorted in memory at once: 8 bytes each. More hashes take more passes over the same file. */
const KEYS_IN_MEMORY = 4_000_000;

/** Hashes by index; an implementation may keep them on disk. */
export interface HashList {
  readonly count: number;
  /** Hashes `from`..`from + count` one after the other, {@link BYTES} bytes each. */
  read(from: number, count: number): Uint8Array;
  /** Whether two pictures whose hashes are near are copies indeed; all are when absent. */
  confirm?(first: number, second: number): boolean;
}

/**
 * For each hash the index of an earlier one within `maxDistance` bits, or -1. Deterministic for the order of the hashes. Time grows as N log N; memory is
 * 4 bytes a hash and a fixed 32 MB, whatever N: bands are sorted part by part ("sorted key join"), nothing is indexed in memory.
 */
export function findNearDuplicates(hashes: HashList, maxDistance: number, signal?: AbortSignal): Int32Array {
  if (!Number.isInteger(maxDistance) || maxDistance < 0 || maxDistance > MAX_DISTANCE) {
    throw new RangeError(`maxDistance must be a whole number 0..${MAX_DISTANCE}, got ${maxDistance}`);
  }
  const original = new Int32Array(hashes.count).fill(-1);
  const passes = Math.max(1, Math.ceil(hashes.count / KEYS_IN_MEMORY));
  for (let band = 0; band < BANDS; band++) {
    for (let pass = 0; pass < passes; pass++) {
      signal?.throwIfAborted();
      const keys = sortedKeys(hashes, band, pass, passes);
      for (let start = 0, end = 0; start < keys.length; start = end) {
        const key = keys[start]! >> 32n;
        do end++;
        while (end < keys.length && keys[end]! >> 32n === key);
        if (end - start > 1) joinRun(hashes, keys.subarray(start, end), maxDistance, original);
      }
    }
  }
  return original;
}

/** Band key in the upper, index in the lower 32 bits, ascending; only keys of this pass. */
function sortedKeys(hashes: HashList, band: number, pass: number, passes: number): BigUint64Array {
  const keys = new BigUint64Array(Math.min(hashes.count, Math.ceil((hashes.count / passes) * 1.5) + 1024));
  const words = new Uint32Array(keys.buffer);
  let found = 0;
  let grown = keys;
  let grownWords = words;
  const step = 65_536;
  for (let from = 0; from < hashes.count; from += step) {
    const many = Math.min(step, hashes.count - from);
    const bytes = hashes.read(from, many);
    for (let i = 0; i < many; i++) {
      const key = bandKey(bytes, i * BYTES, band);
      if (passes > 1 && key % passes !== pass) continue;
      if (found === grown.length) {
        // A key that very many hashes share, for example of blank pictures, can overfill its pass.
        const larger = new BigUint64Array(grown.length * 2);
        larger.set(grown);
        grown = larger;
        grownWords = new Uint32Array(grown.buffer);
      }
      grownWords[found * 2] = from + i;
      grownWords[found * 2 + 1] = key;
      found++;
    }
  }
  return grown.subarray(0, found).sort();
}

/** Every BANDS-th bit from `band` on: each band looks at the whole picture, so that a plain background does not make all keys equal. */
function bandKey(bytes: Uint8Array, at: number, band: number): number {
  let key = 0;
  for (let bit = 0; bit < KEY_BITS; bit++) {
    const position = bit * BANDS + ((band + bit) % BANDS);
    key = (key << 1) | ((bytes[at + (position >> 3)]! >> (7 - (position & 7))) & 1);
  }
  return key >>> 0;
}

/** Compares the members of a run, in order, with those before them that are not duplicates themselves. */
function joinRun(hashes: HashList, run: BigUint64Array, maxDistance: number, original: Int32Array): void {
  const firsts: { index: number; hash: Uint8Array }[] = [];
  for (const entry of run) {
    const index = Number(entry & 0xffff_ffffn);
    const hash = hashes.read(index, 1).slice();
    const match = firsts.find(
      (first) => distance(first.hash, hash) <= maxDistance && (hashes.confirm?.(first.index, index) ?? true),
    );
    if (match === undefined) firsts.push({ index, hash });
    else if (original[index] === -1 || match.index < original[index]!) original[index] = match.index;
  }
}

/** Bits in which two hashes differ. */
export function distance(a: Uint8Array, b: Uint8Array): number {
  let bits = 0;
  for (let i = 0; i < BYTES; i++) {
    let x = a[i]! ^ b[i]!;
    for (; x !== 0; x &= x - 1) bits++;
  }
  return bits;
}
