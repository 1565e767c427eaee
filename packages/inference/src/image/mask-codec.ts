import { createMask, resizeMask, type Mask } from "@moodifier/tensor";
import { sharp } from "./codec-library.ts";
import { decodePixels, readHeader, type DecodeOptions } from "./decode.ts";
import { ImageError } from "./image-error.ts";

/** How far a mask's proportions may be from its picture's: rounding of a scaled-down mask, no more. */
const ASPECT_TOLERANCE = 0.01;

/** Limits of one mask decode. */
export interface MaskDecodeOptions extends DecodeOptions {
  /** Size of the upright picture that the mask belongs to; with both given the mask is scaled to it. */
  readonly width?: number | undefined;
  readonly height?: number | undefined;
}

/**
 * Decodes a mask, **white = may change, black or transparent = keep**: value = largest colour sample x alpha, 0..1, without colour
 * management. Grey, palette, RGB and RGBA, 8 or 16 bits, EXIF orientation applied.
 * Throws ImageError as `decodeImage` does, and MASK_ASPECT_MISMATCH when its proportions differ from `width` x `height`.
 */
export async function decodeMask(bytes: Uint8Array, options: MaskDecodeOptions = {}): Promise<Mask> {
  const { format, open } = await readHeader(bytes, options);
  const { data, info } = await decodePixels(open(), format);
  options.signal?.throwIfAborted();
  const mask = createMask(info, measure(data, info.channels));
  const { width, height } = options;
  if (width === undefined || height === undefined) {
    return mask;
  }
  const ratio = (mask.width * height) / (mask.height * width);
  if (Math.abs(ratio - 1) > Math.max(ASPECT_TOLERANCE, 1 / Math.min(mask.width, mask.height))) {
    throw new ImageError(
      "MASK_ASPECT_MISMATCH",
      `the mask has ${mask.width} x ${mask.height} pixels, its picture ${width} x ${height} (upright): proportions must be equal`,
    );
  }
  return resizeMask(mask, { width, height });
}

/** Writes a mask as an 8-bit grey PNG of its size: 255 = may change. */
export function encodeMask(mask: Mask): Promise<Buffer> {
  const data = Uint8Array.from(mask.data, (value) => Math.round(255 * Math.min(1, Math.max(0, value))));
  return sharp(data, { raw: { width: mask.width, height: mask.height, channels: 1 }, limitInputPixels: false })
    .toColourspace("b-w")
    .png()
    .toBuffer();
}

function measure(data: Uint8Array, channels: number): Float32Array {
  const result = new Float32Array(data.length / channels);
  const hasAlpha = channels % 2 === 0;
  const colours = hasAlpha ? channels - 1 : channels;
  for (let i = 0; i < result.length; i++) {
    const at = i * channels;
    let value = 0;
    for (let c = 0; c < colours; c++) {
      value = Math.max(value, data[at + c]!);
    }
    result[i] = (value / 255) * (hasAlpha ? data[at + colours]! / 255 : 1);
  }
  return result;
}
