import { countElements, tensor, type TypedTensor } from "./tensor.ts";

const MULTIPLIER_0 = 0xd2511f53;
const MULTIPLIER_1 = 0xcd9e8d57;
const WEYL_0 = 0x9e3779b9;
const WEYL_1 = 0xbb67ae85;
const ROUNDS = 10;
const TWO_TO_32 = 4294967296;

/** Which numbers to draw. The same request gives the same values in every process, and in the Python twin of this file. */
export interface NoiseRequest {
  /** 64-bit seed; only its low 64 bits count. */
  readonly seed: bigint;
  /** Independent sequence under the seed, 0..2^32-1. An edit uses 0 for the initial noise and 1 + i for step i. */
  readonly stream: number;
  readonly dims: readonly number[];
}

/**
 * Standard normal float32 values, drawn by Philox4x32-10 (Salmon et al., SC 2011) and the Box-Muller transform.
 * Key = (seed low, seed high); counter = (block, 0, stream, 0); a block of four words x gives u = (x + 0.5) / 2^32 and the
 * values sqrt(-2 ln u0) cos(2 pi u1), sqrt(-2 ln u0) sin(2 pi u1), then the same of (u2, u3), all in float64.
 */
export function gaussianNoise(request: NoiseRequest): TypedTensor<"float32"> {
  const key0 = Number(BigInt.asUintN(32, request.seed));
  const key1 = Number(BigInt.asUintN(32, request.seed >> 32n));
  const data = new Float32Array(countElements(request.dims));
  const words = new Uint32Array(4);
  for (let index = 0, block = 0; index < data.length; index += 4, block++) {
    words.set([block, 0, request.stream, 0]);
    scrambleBlock(words, key0, key1);
    for (let half = 0; half < 2; half++) {
      const radius = Math.sqrt(-2 * Math.log(toUnit(words[2 * half]!)));
      const angle = 2 * Math.PI * toUnit(words[2 * half + 1]!);
      // Writes past the end of a typed array are ignored, so a last partial block needs no check.
      data[index + 2 * half] = radius * Math.cos(angle);
      data[index + 2 * half + 1] = radius * Math.sin(angle);
    }
  }
  return tensor("float32", request.dims, data);
}

/** Philox4x32-10: replaces the four counter words by four random words. */
export function scrambleBlock(words: Uint32Array, key0: number, key1: number): void {
  for (let round = 0; round < ROUNDS; round++) {
    const [c0, c1, c2, c3] = words as unknown as [number, number, number, number];
    words[0] = multiplyHigh(MULTIPLIER_1, c2) ^ c1 ^ key0;
    words[1] = Math.imul(MULTIPLIER_1, c2);
    words[2] = multiplyHigh(MULTIPLIER_0, c0) ^ c3 ^ key1;
    words[3] = Math.imul(MULTIPLIER_0, c0);
    key0 = (key0 + WEYL_0) >>> 0;
    key1 = (key1 + WEYL_1) >>> 0;
  }
}

function toUnit(word: number): number {
  return (word + 0.5) / TWO_TO_32;
}

/** The upper 32 bits of a 32 x 32 bit product, by 16-bit halves: doubles cannot hold the 64-bit product. */
function multiplyHigh(a: number, b: number): number {
  const aLow = a & 0xffff;
  const aHigh = a >>> 16;
  const bLow = b & 0xffff;
  const bHigh = b >>> 16;
  const middle = aHigh * bLow + ((aLow * bLow) >>> 16);
  const carry = aLow * bHigh + (middle % 0x10000);
  return (aHigh * bHigh + Math.floor(middle / 0x10000) + Math.floor(carry / 0x10000)) >>> 0;
}
