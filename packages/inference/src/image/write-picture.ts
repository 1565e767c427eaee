import type { Sharp } from "sharp";
import { sharp } from "./codec-library.ts";
import type { DeepPicture } from "./deep-picture.ts";
import { ImageError } from "./image-error.ts";
import { checkSides, DEFAULT_QUALITY, encodeWithin, type LossyFormat, toLossy } from "./lossy.ts";
import { attachPngProfile } from "./png-chunk.ts";

/** Formats that a finished picture may have, with their media types. */
export const OUTPUT_TYPES = {
  png: "image/png",
  jpeg: "image/jpeg",
  webp: "image/webp",
  avif: "image/avif",
} as const;
export type OutputFormat = keyof typeof OUTPUT_TYPES;

/** How to write a finished picture. */
export interface WriteOptions {
  readonly format: OutputFormat;
  /** 1..100; JPEG, WebP and AVIF. With `maxBytes` the most that is tried. Default 92 (AVIF 75). */
  readonly quality?: number | undefined;
  /** Most bytes of the file, metadata included; the best quality that fits is searched. Not for PNG. */
  readonly maxBytes?: number | undefined;
  /** Colour, "#rrggbb", that shows through transparent parts of a JPEG; needed when the picture has alpha. */
  readonly matte?: string | undefined;
  /** XMP packet to embed. */
  readonly xmp?: string | undefined;
}

/** A finished file. */
export interface WrittenPicture {
  readonly data: Buffer;
  readonly mediaType: string;
  /** The quality that was used; undefined for PNG. */
  readonly quality?: number;
}

/**
 * Writes a picture with its profile, and no metadata but the given XMP. PNG keeps depth and every sample; the others are 8 bits and lossy.
 * Throws ImageError IMAGE_OPTION_INVALID for an option that the format has not or a size that it cannot hold, IMAGE_BUDGET_TOO_SMALL when not even quality 1 fits.
 */
export async function writePicture(picture: DeepPicture, options: WriteOptions): Promise<WrittenPicture> {
  checkOptions(picture, options);
  const { format, xmp } = options;
  const mediaType = OUTPUT_TYPES[format];
  if (format === "png") {
    const data = await withXmp(openDeep(picture), xmp).png({ compressionLevel: 6 }).toBuffer();
    return { data: picture.profile ? attachPngProfile(data, picture.profile) : data, mediaType };
  }
  const base = await openTagged(picture);
  const best = options.quality ?? DEFAULT_QUALITY[format];
  const encode = (quality: number) => encodeLossy(base(), { ...options, format, quality });
  return { ...(await encodeWithin(encode, best, options.maxBytes)), mediaType };
}

function checkOptions(picture: DeepPicture, { format, quality, maxBytes, matte }: WriteOptions): void {
  const refuse = (text: string) => new ImageError("IMAGE_OPTION_INVALID", text);
  if (!(format in OUTPUT_TYPES))
    throw refuse(`format: expected ${Object.keys(OUTPUT_TYPES).join(", ")}, got ${format}`);
  if (format === "png" && (quality !== undefined || maxBytes !== undefined)) {
    throw refuse("quality and max_bytes: expected none with png, which is exact; choose jpeg, webp or avif");
  }
  if (format !== "png") checkSides(format, picture);
  if (quality !== undefined && !(Number.isInteger(quality) && quality >= 1 && quality <= 100)) {
    throw refuse(`quality: expected a whole number 1..100, got ${quality}`);
  }
  if (maxBytes !== undefined && !(Number.isInteger(maxBytes) && maxBytes >= 1)) {
    throw refuse(`max_bytes: expected a whole number of at least 1, got ${maxBytes}`);
  }
  if (matte !== undefined && (format !== "jpeg" || !/^#[0-9a-f]{6}$/i.test(matte))) {
    throw refuse(`matte: expected #rrggbb and only with jpeg, got ${matte} with ${format}`);
  }
  if (format === "jpeg" && picture.channels === 4 && matte === undefined) {
    throw refuse("matte: expected #rrggbb, since the picture has alpha and JPEG has none; or choose png, webp or avif");
  }
}

/** Pipelines over the pixels that carry the profile. The library attaches a profile without converting only when its input has it. */
async function openTagged(picture: DeepPicture): Promise<() => Sharp> {
  const { profile } = picture;
  if (!profile) return () => openDeep(picture);
  const carrier = attachPngProfile(await openDeep(picture).png({ compressionLevel: 0 }).toBuffer(), profile);
  return () => sharp(carrier, { limitInputPixels: false }).keepIccProfile();
}

function openDeep({ width, height, channels, depth, data }: DeepPicture): Sharp {
  const pipeline = sharp(data, { raw: { width, height, channels }, limitInputPixels: false });
  return depth === 16 ? pipeline.toColourspace("rgb16") : pipeline;
}

function encodeLossy(
  pipeline: Sharp,
  { format, quality, matte, xmp }: WriteOptions & { format: LossyFormat; quality: number },
): Promise<Buffer> {
  const flat = matte === undefined ? pipeline : pipeline.flatten({ background: matte });
  return toLossy(withXmp(flat, xmp).toColourspace("srgb"), format, quality).toBuffer();
}

function withXmp(pipeline: Sharp, xmp: string | undefined): Sharp {
  return xmp === undefined ? pipeline : pipeline.withXmp(xmp);
}
