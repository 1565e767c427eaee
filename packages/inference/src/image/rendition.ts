import type { Sharp } from "sharp";
import type { Size } from "@moodifier/tensor";
import { readHeader } from "./decode.ts";
import { ImageError } from "./image-error.ts";
import { checkSides, DEFAULT_QUALITY, encodeWithin, toLossy } from "./lossy.ts";

/** Formats that a rendition may have, with their media types. */
export const RENDITION_TYPES = {
  png: "image/png",
  jpeg: "image/jpeg",
  webp: "image/webp",
  avif: "image/avif",
  tiff: "image/tiff",
} as const;
export type RenditionFormat = keyof typeof RENDITION_TYPES;

/** How to make another file of a finished picture. */
export interface RenditionOptions {
  readonly format: RenditionFormat;
  /** Box in pixels; a missing side follows the other, both missing keep the size. */
  readonly width?: number | undefined;
  readonly height?: number | undefined;
  /** inside: never larger than the box and never enlarged; contain: the box, padded; cover: the box, cut. Default inside. */
  readonly fit?: "inside" | "contain" | "cover" | undefined;
  /** 1..100; jpeg, webp and avif. Default 92 (avif 75). With `maxBytes` the most that is tried. */
  readonly quality?: number | undefined;
  /** Most bytes of the file; the best quality that fits is searched. */
  readonly maxBytes?: number | undefined;
  /** keep: the profile of the picture; srgb and p3: converted and tagged. Default keep. */
  readonly icc?: "keep" | "srgb" | "p3" | undefined;
  /** "#rrggbb" under transparent pixels of jpeg and around a contained picture. Default white. */
  readonly background?: string | undefined;
}

/** A file and what it holds. */
export interface RenderedFile {
  readonly data: Buffer;
  readonly mediaType: string;
  readonly width: number;
  readonly height: number;
  /** The quality that was used; undefined for png and tiff. */
  readonly quality?: number;
}

/**
 * Makes another file of a finished picture: size, format, byte budget and colour profile. XMP (provenance) and alpha stay; png and tiff keep 16 bits.
 * A png of the same size and profile is given back byte by byte. Throws ImageError IMAGE_BUDGET_TOO_SMALL, IMAGE_OPTION_INVALID and those of decoding.
 */
export async function renderRendition(
  bytes: Uint8Array,
  options: RenditionOptions,
  { signal }: { signal?: AbortSignal } = {},
): Promise<RenderedFile> {
  const { format, icc = "keep", maxBytes, quality } = options;
  const mediaType = RENDITION_TYPES[format];
  if (format === "png" || format === "tiff") {
    if (quality !== undefined) throw invalid(`quality: expected none with ${format}, which is exact, got ${quality}`);
  }
  const { metadata, format: sourceFormat, open } = await readHeader(bytes, { ...(signal && { signal }) });
  const [width, height] = [metadata.autoOrient.width, metadata.autoOrient.height];
  if (format === "png" && sourceFormat === "png" && icc === "keep" && !resizes(options, width, height)) {
    const data = Buffer.from(bytes);
    if (maxBytes !== undefined && data.length > maxBytes) throw tooLarge(data.length, maxBytes, format);
    return { data, mediaType, width, height };
  }
  const deep = metadata.depth === "ushort" && (format === "png" || format === "tiff");
  const base = () => prepare(open(), options, { deep, hasProfile: metadata.icc !== undefined });
  if (format === "png" || format === "tiff") {
    const pipeline = format === "png" ? base().png({ compressionLevel: 9 }) : base().tiff({ compression: "deflate" });
    const { data, info } = await pipeline.toBuffer({ resolveWithObject: true });
    if (maxBytes !== undefined && data.length > maxBytes) throw tooLarge(data.length, maxBytes, format);
    return { data, mediaType, width: info.width, height: info.height };
  }
  checkSides(format, targetSize(options, width, height));
  let size = { width, height };
  const encode = async (tried: number): Promise<Buffer> => {
    signal?.throwIfAborted();
    const { data, info } = await toLossy(base(), format, tried).toBuffer({ resolveWithObject: true });
    size = { width: info.width, height: info.height };
    return data;
  };
  const file = await encodeWithin(encode, quality ?? DEFAULT_QUALITY[format], maxBytes);
  return { ...file, mediaType, ...size };
}

function resizes({ width, height, fit = "inside" }: RenditionOptions, from: number, high: number): boolean {
  if (width === undefined && height === undefined) return false;
  if (fit === "inside") return from > (width ?? from) || high > (height ?? high);
  return width !== from || height !== high;
}

/** The size of the rendition of a picture of `from` x `high` pixels, give or take the rounding of a side. */
function targetSize({ width, height, fit = "inside" }: RenditionOptions, from: number, high: number): Size {
  const scales = [width && width / from, height && height / high].filter((scale) => scale !== undefined);
  const scale = Math.min(...scales, ...(fit === "inside" || scales.length === 0 ? [1] : []));
  const scaled = { width: Math.round(from * scale), height: Math.round(high * scale) };
  return fit === "inside" ? scaled : { width: width ?? scaled.width, height: height ?? scaled.height };
}

function prepare(
  pipeline: Sharp,
  { format, width, height, fit = "inside", icc = "keep", background = "#ffffff" }: RenditionOptions,
  { deep, hasProfile }: { deep: boolean; hasProfile: boolean },
): Sharp {
  let ready = pipeline;
  if (width !== undefined || height !== undefined) {
    ready = ready.resize({
      ...(width !== undefined && { width }),
      ...(height !== undefined && { height }),
      fit,
      kernel: "lanczos3",
      withoutEnlargement: fit === "inside",
      background,
    });
  }
  if (format === "jpeg") ready = ready.flatten({ background });
  if (deep) ready = ready.toColourspace("rgb16");
  ready = ready.keepXmp();
  if (icc !== "keep") return ready.withIccProfile(icc);
  return hasProfile ? ready.keepIccProfile() : ready;
}

function invalid(text: string): ImageError {
  return new ImageError("IMAGE_OPTION_INVALID", text);
}

function tooLarge(bytes: number, maxBytes: number, format: string): ImageError {
  const advice = "make the picture smaller or choose jpeg, webp or avif";
  return new ImageError(
    "IMAGE_BUDGET_TOO_SMALL",
    `max_bytes: expected at least the ${bytes} bytes of this ${format}, got ${maxBytes}; ${advice}`,
  );
}
