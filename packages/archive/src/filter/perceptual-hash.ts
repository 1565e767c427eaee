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

/** The block-mean-value hash of a picture (Yang, Gu and Niu 2006, method 2), {@link HASH_BITS} bits as hex. Transparency is seen over white. */
export async function hashPicture(picture: Picture): Promise<string> {
  const large = picture.width * picture.height > SIZE * SIZE;
  const { width, height, channels, data } = large ? await resizePicture(picture, SIZE, SIZE) : picture;
  const rgba = new Uint8Array(width * height * 4);
  for (let i = 0; i < width * height; i++) {
    for (let c = 0; c < 3; c++) rgba[i * 4 + c] = data[i * channels + c]!;
    rgba[i * 4 + 3] = channels === 4 ? data[i * 4 + 3]! : 255;
  }
  return bmvbhash({ width, height, data: rgba }, BLOCKS);
}

/** Mean red, green and blue of 4 x 4 blocks, {@link COLOUR_BYTES} bytes in base64. Transparency is left out of account. */
export async function averageColours(picture: Picture): Promise<string> {
  const { data, channels } = await resizePicture(picture, COLOURS, COLOURS);
  const colours = new Uint8Array(COLOUR_BYTES);
  for (let i = 0; i < COLOUR_BYTES; i++) colours[i] = data[Math.floor(i / 3) * channels + (i % 3)]!;
  return Buffer.from(colours).toString("base64");
}

/** The largest difference, 0..255, between two pictures' {@link averageColours}. */
export function colourDifference(a: Uint8Array, b: Uint8Array): number {
  let most = 0;
  for (let i = 0; i < a.length; i++) most = Math.max(most, Math.abs(a[i]! - b[i]!));
  return most;
}
