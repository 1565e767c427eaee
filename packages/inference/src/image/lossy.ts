import type { Sharp } from "sharp";
import type { Size } from "@moodifier/tensor";
import { ImageError } from "./image-error.ts";

/** Quality of each lossy format unless told otherwise, 1..100. */
export const DEFAULT_QUALITY = { jpeg: 92, webp: 92, avif: 75 } as const;
/** Formats that have a quality. */
export type LossyFormat = keyof typeof DEFAULT_QUALITY;

/** Longest side that each format, or its encoder, can hold, pixels. */
const LONGEST_SIDE = { jpeg: 65_500, webp: 16_383, avif: 16_384 } as const satisfies Record<LossyFormat, number>;

/** A pipeline that writes in this format and quality, colours at full resolution where the format allows it. */
export function toLossy(pipeline: Sharp, format: LossyFormat, quality: number): Sharp {
  if (format === "jpeg") return pipeline.jpeg({ quality, chromaSubsampling: "4:4:4" });
  if (format === "webp") return pipeline.webp({ quality });
  return pipeline.avif({ quality, effort: 4, chromaSubsampling: "4:4:4" });
}

/** Throws ImageError IMAGE_OPTION_INVALID when a picture of this size does not fit the format. */
export function checkSides(format: LossyFormat, { width, height }: Size): void {
  const longest = LONGEST_SIDE[format];
  if (Math.max(width, height) <= longest) return;
  const text = `format: expected sides of at most ${longest} pixels with ${format}, got ${width} x ${height}; make the picture smaller or choose png`;
  throw new ImageError("IMAGE_OPTION_INVALID", text);
}

/**
 * The file of quality `best` or, when that has more than `maxBytes`, the largest quality below it whose file fits, by bisection: size grows with quality.
 * Throws ImageError IMAGE_BUDGET_TOO_SMALL when not even quality 1 fits.
 */
export async function encodeWithin(
  encode: (quality: number) => Promise<Buffer>,
  best: number,
  maxBytes: number | undefined,
): Promise<{ data: Buffer; quality: number }> {
  const data = await encode(best);
  if (maxBytes === undefined || data.length <= maxBytes) return { data, quality: best };
  let [low, high, smallest] = [1, best - 1, data.length];
  let found: { data: Buffer; quality: number } | undefined;
  while (low <= high) {
    const quality = (low + high) >> 1;
    const tried = await encode(quality);
    smallest = Math.min(smallest, tried.length);
    if (tried.length <= maxBytes) {
      found = { data: tried, quality };
      low = quality + 1;
    } else high = quality - 1;
  }
  if (found) return found;
  throw new ImageError(
    "IMAGE_BUDGET_TOO_SMALL",
    `max_bytes: expected at least ${smallest} bytes, which the lowest quality needs, got ${maxBytes}; make the picture smaller`,
  );
}
