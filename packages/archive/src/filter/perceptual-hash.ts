import { resizePicture, type Picture } from "@moodifier/inference";
import { bmvbhash } from "blockhash-core";

/** Blocks along each edge; the hash has this number squared bits. */
const BLOCKS = 16;
/** Larger pictures are brought to this many pixels an edge first: whole blocks, and time that does not depend on the source. */
const SIZE = 256;

/** Blocks along each edge whose mean colour is kept. */
const COLOURS = 4;

/** Bytes of {@link averageColours}. */
export const COLOUR_BYTES = COLOURS * COLOURS * 3;

/** Bits of a perceptual hash. */
export const HASH_BITS = BLOCKS * BLOCKS;

/** What {@link hashPicture} and {@link averageColours} look at: the picture itself, or a copy of {@link SIZE} pixels an edge. */
export async function shrinkPicture(picture: Picture): Promise<Picture> {
  const large = picture.width * picture.height > SIZE * SIZE;
  return large ? resizePicture(picture, SIZE, SIZE) : picture;
}

/** The block-mean-value hash of a picture (Yang, Gu and Niu 2006, method 2), {@link HASH_BITS} bits as hex. Transparency is seen over white. */
export function hashPicture({ width, height, channels, data }: Picture): string {
  const rgba = new Uint8Array(width * height * 4);
  for (let i = 0; i < width * height; i++) {
    for (let c = 0; c < 3; c++) rgba[i * 4 + c] = data[i * channels + c]!;
    rgba[i * 4 + 3] = channels === 4 ? data[i * 4 + 3]! : 255;
  }
  return bmvbhash({ width, height, data: rgba }, BLOCKS);
}

/** Mean red, green and blue of 4 x 4 blocks, {@link COLOUR_BYTES} bytes in base64. Transparency is left out of account. */
export function averageColours({ width, height, channels, data }: Picture): string {
  const sums = new Float64Array(COLOUR_BYTES);
  const counts = new Float64Array(COLOURS * COLOURS);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const block = Math.floor((y * COLOURS) / height) * COLOURS + Math.floor((x * COLOURS) / width);
      counts[block]! += 1;
      for (let c = 0; c < 3; c++) sums[block * 3 + c]! += data[(y * width + x) * channels + c]!;
    }
  }
  // A picture of fewer pixels than blocks leaves some of them empty: black, in all its copies.
  const colours = sums.map((sum, i) => Math.round(sum / Math.max(1, counts[Math.floor(i / 3)]!)));
  return Buffer.from(colours).toString("base64");
}

/** The largest difference, 0..255, between two pictures' {@link averageColours}. */
export function colourDifference(a: Uint8Array, b: Uint8Array): number {
  let most = 0;
  for (let i = 0; i < a.length; i++) most = Math.max(most, Math.abs(a[i]! - b[i]!));
  return most;
}
