import type { Raster } from "@moodifier/tensor";
import { sharp } from "./codec-library.ts";
import { ImageError } from "./image-error.ts";
import type { ImageFormat } from "./image-format.ts";
import { checkSides, DEFAULT_QUALITY, toLossy } from "./lossy.ts";

/** How to write a picture. PNG is exact and has no quality. */
export interface EncodeOptions {
  readonly format: ImageFormat;
  /** 1..100, JPEG and WebP only. */
  readonly quality?: number | undefined;
}

/** Writes a PNG whose pixels are exactly those given, alpha included. The same picture gives the same bytes. */
export function encodePng(picture: Raster): Promise<Buffer> {
  return encodeImage(picture, { format: "png" });
}

/**
 * Writes sRGB PNG, JPEG (alpha laid over white) or WebP (lossy, alpha kept), without metadata.
 * Throws ImageError IMAGE_OPTION_INVALID when a quality is out of range or given for PNG, or when a side is too long for the format.
 */
export async function encodeImage(picture: Raster, options: EncodeOptions): Promise<Buffer> {
  const { format, quality } = options;
  if (quality !== undefined && (format === "png" || !Number.isInteger(quality) || quality < 1 || quality > 100)) {
    throw new ImageError(
      "IMAGE_OPTION_INVALID",
      `quality must be a whole number 1..100 and only for JPEG or WebP, got ${quality} for ${format}`,
    );
  }
  const pipeline = openRaster(picture);
  switch (format) {
    case "png":
      return pipeline.png({ compressionLevel: 6 }).toBuffer();
    case "jpeg":
    case "webp": {
      checkSides(format, picture);
      const flat = format === "jpeg" ? pipeline.flatten({ background: "#ffffff" }) : pipeline;
      return toLossy(flat, format, quality ?? DEFAULT_QUALITY[format]).toBuffer();
    }
    default:
      throw new ImageError("IMAGE_OPTION_INVALID", `format must be png, jpeg or webp, got ${String(format)}`);
  }
}

/** Scales to exactly `width` x `height` (Lanczos 3, alpha-aware); other fields stay. The same size gives the same picture back. */
export async function resizePicture<P extends Raster>(picture: P, width: number, height: number): Promise<P> {
  if (picture.width === width && picture.height === height) {
    return picture;
  }
  const data = await openRaster(picture).resize(width, height, { fit: "fill", kernel: "lanczos3" }).raw().toBuffer();
  return { ...picture, width, height, data };
}

/** A pipeline over raw pixels. */
export function openRaster({ width, height, channels, data }: Raster) {
  return sharp(data, { raw: { width, height, channels }, limitInputPixels: false });
}
