import type { Metadata, Sharp } from "sharp";
import { sharp } from "./codec-library.ts";
import { ImageError } from "./image-error.ts";
import { checkMediaType, MEDIA_TYPES, sniffFormat, type ImageFormat } from "./image-format.ts";
import type { Picture, PictureWarning } from "./picture.ts";

/** Pixels that a picture may have unless the caller says otherwise: 40 million. */
export const MAX_PIXELS = 40_000_000;
/** A decoder that is still busy after this long is given up. */
const DECODE_TIMEOUT_S = 30;

/** Limits of one decode. */
export interface DecodeOptions {
  /** Most pixels (width x height), checked in the header before anything is decoded. */
  readonly maxPixels?: number | undefined;
  /** IANA media type that the sender declared; one that contradicts the bytes is refused, none or "" is not. */
  readonly mediaType?: string | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Decodes PNG, JPEG or WebP: upright by EXIF, colours brought to sRGB by the embedded profile (CMYK without one by libvips' generic
 * profile, with a warning), greys spread to RGB, alpha kept, 8 bits. Metadata such as GPS is left behind.
 * Throws ImageError IMAGE_EMPTY, IMAGE_UNSUPPORTED, IMAGE_TYPE_MISMATCH, IMAGE_ANIMATED, IMAGE_TOO_LARGE or IMAGE_CORRUPT.
 */
export async function decodeImage(bytes: Uint8Array, options: DecodeOptions = {}): Promise<Picture> {
  const header = await readHeader(bytes, options);
  const { format, metadata } = header;
  const upright = header.open().toColourspace("srgb");
  // libvips brings a 16-bit picture with a profile to Display P3, its wide working space: without this step its reds would come out dull.
  const wide = metadata.depth === "ushort" && metadata.icc !== undefined && metadata.space === "rgb16";
  const pipeline = wide ? upright.withIccProfile("srgb") : upright;
  const { data, info, faults } = await decodePixels(pipeline, format);
  options.signal?.throwIfAborted();
  if (info.channels < 1 || info.channels > 4) {
    throw new ImageError("IMAGE_UNSUPPORTED", `the ${format} decodes to ${info.channels} channels, expected 1 to 4`);
  }
  const channels = info.channels % 2 === 0 ? 4 : 3;
  return {
    width: info.width,
    height: info.height,
    channels,
    data: info.channels >= 3 ? data : spreadGrey(data, info.channels),
    depth: metadata.depth === "ushort" ? 16 : 8,
    mediaType: MEDIA_TYPES[format],
    hadIcc: metadata.icc !== undefined,
    orientation: metadata.orientation ?? 1,
    warnings: collectWarnings(metadata, faults),
  };
}

interface Header {
  readonly format: ImageFormat;
  readonly metadata: Metadata;
  /** A new pipeline over the bytes, turned upright; with `ignoreIcc` an embedded profile is not applied. */
  readonly open: (options?: { ignoreIcc: boolean }) => Sharp;
}

/** Everything that can be refused without decoding. Throws ImageError. */
export async function readHeader(bytes: Uint8Array, options: DecodeOptions): Promise<Header> {
  options.signal?.throwIfAborted();
  const maxPixels = options.maxPixels ?? MAX_PIXELS;
  const format = sniffFormat(bytes);
  checkMediaType(format, options.mediaType ?? "");
  let metadata: Metadata;
  try {
    metadata = await sharp(bytes, { limitInputPixels: false }).metadata();
  } catch (cause) {
    throw new ImageError("IMAGE_CORRUPT", `the ${format} header cannot be read`, { cause });
  }
  options.signal?.throwIfAborted();
  const { width, height, pages = 1 } = metadata;
  if (pages > 1) {
    throw new ImageError("IMAGE_ANIMATED", `the ${format} has ${pages} frames; send a single frame`);
  }
  if (width * height > maxPixels) {
    const limit = `${(maxPixels / 1e6).toFixed(1)} megapixels`;
    throw new ImageError(
      "IMAGE_TOO_LARGE",
      `the image has ${width} x ${height} pixels, more than ${limit}; make it smaller first`,
    );
  }
  const open = ({ ignoreIcc } = { ignoreIcc: false }) =>
    sharp(bytes, { limitInputPixels: maxPixels, failOn: "error", pages: 1, ignoreIcc })
      .autoOrient()
      .timeout({ seconds: DECODE_TIMEOUT_S });
  return { format, metadata, open };
}

/**
 * Runs a pipeline to raw samples, 8 bits unless told otherwise; `faults` are the decoder's remarks that cost no pixel.
 * Throws ImageError IMAGE_CORRUPT, or IMAGE_TOO_LARGE when decoding takes too long.
 */
export async function decodePixels(pipeline: Sharp, format: ImageFormat, depth: "uchar" | "ushort" = "uchar") {
  const remarks: string[] = [];
  pipeline.on("warning", (text: string) => remarks.push(text.trim()));
  try {
    const { data, info } = await pipeline.raw({ depth }).toBuffer({ resolveWithObject: true });
    // The JPEG decoder fills lost parts with grey and only remarks it. Stray bytes between markers lose nothing and are common.
    const damage = remarks.find((text) => text.includes("Corrupt JPEG data") && !text.includes("extraneous bytes"));
    if (damage) {
      throw new Error(damage);
    }
    return { data, info, faults: remarks };
  } catch (cause) {
    if (cause instanceof Error && cause.message.includes("timeout")) {
      throw new ImageError("IMAGE_TOO_LARGE", `decoding the ${format} took more than ${DECODE_TIMEOUT_S} s`, { cause });
    }
    throw new ImageError("IMAGE_CORRUPT", `the ${format} is damaged or cut short`, { cause });
  }
}

function collectWarnings(metadata: Metadata, faults: readonly string[]): PictureWarning[] {
  const warnings: PictureWarning[] = [];
  if (metadata.space === "cmyk" && metadata.icc === undefined) {
    warnings.push({
      code: "CMYK_WITHOUT_PROFILE",
      message: "the CMYK image has no colour profile; a generic one was assumed and colours may be off",
    });
  }
  if (metadata.depth === "ushort") {
    warnings.push({ code: "DEPTH_REDUCED", message: "16 bits a sample were reduced to 8" });
  }
  const profileFaults = faults.filter((text) => text.includes("profile"));
  if (profileFaults.length > 0) {
    warnings.push({
      code: "PROFILE_INVALID",
      message: `the colour profile could not be used: ${profileFaults.join("; ")}`,
    });
  }
  return warnings;
}

/** Grey or grey + alpha to RGB or RGBA. */
function spreadGrey(data: Uint8Array, channels: number): Uint8Array {
  const alpha = channels === 2;
  const result = new Uint8Array((data.length / channels) * (alpha ? 4 : 3));
  for (let from = 0, to = 0; from < data.length; from += channels) {
    result.fill(data[from]!, to, to + 3);
    if (alpha) {
      result[to + 3] = data[from + 1]!;
    }
    to += alpha ? 4 : 3;
  }
  return result;
}
