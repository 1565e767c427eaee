import type { Raster } from "@moodifier/tensor";
import { profileSpace } from "./colour-profile.ts";
import { decodeImage, decodePixels, readHeader, type DecodeOptions } from "./decode.ts";

/** An upright picture with the samples that its file holds: not converted, not reduced. Interleaved RGB or RGBA, row-major, not premultiplied. */
export interface DeepPicture {
  readonly width: number;
  readonly height: number;
  readonly channels: 3 | 4;
  /** Bits a sample. */
  readonly depth: 8 | 16;
  /** Uint8Array at 8 bits, Uint16Array at 16. */
  readonly data: Uint8Array | Uint16Array;
  /** The RGB profile whose colours the samples are; undefined = sRGB. */
  readonly profile?: Uint8Array | undefined;
}

/** How to read a picture for its own samples. */
export interface DeepDecodeOptions extends DecodeOptions {
  /** "source" keeps the samples of an RGB profile as they are; "srgb" converts them. Default "source". */
  readonly profile?: "source" | "srgb" | undefined;
}

/**
 * Decodes a picture without losing what 8-bit sRGB cannot hold: 16 bits a sample and the colours of an RGB profile stay. Grey becomes
 * RGB; CMYK, and grey with a profile, are converted to sRGB, since an edit may bring any colour. Throws ImageError as `decodeImage` does.
 */
export async function decodeDeep(bytes: Uint8Array, options: DeepDecodeOptions = {}): Promise<DeepPicture> {
  const { format, metadata, open } = await readHeader(bytes, options);
  const is16 = metadata.depth === "ushort";
  const profile = options.profile !== "srgb" && metadata.icc !== undefined && profileSpace(metadata.icc) === "RGB";
  if (!is16 && !profile) {
    const { width, height, channels, data } = await decodeImage(bytes, options);
    return { width, height, channels, depth: 8, data };
  }
  const pipeline = (profile ? open({ ignoreIcc: true }) : open()).toColourspace(is16 ? "rgb16" : "srgb");
  const toSrgb = !profile && metadata.icc !== undefined && profileSpace(metadata.icc) === "RGB";
  // A 16-bit picture with a profile comes out in Display P3 (libvips' wide working space); it must be brought on to sRGB.
  const ready = toSrgb ? pipeline.withIccProfile("srgb") : pipeline;
  const { data, info } = await decodePixels(ready, format, is16 ? "ushort" : "uchar");
  options.signal?.throwIfAborted();
  const samples = is16 ? new Uint16Array(data.buffer, data.byteOffset, data.byteLength / 2) : data;
  if (toSrgb && samples instanceof Uint16Array) refine(samples, await decodeImage(bytes, options));
  const channels = info.channels % 2 === 0 ? 4 : 3;
  return {
    width: info.width,
    height: info.height,
    channels,
    depth: is16 ? 16 : 8,
    data: info.channels >= 3 ? samples : spread(samples, info.channels),
    ...(profile && { profile: metadata.icc }),
  };
}

/** A raster as a deep picture of 8-bit sRGB. `data` is not copied. */
export function asDeepPicture({ width, height, channels, data }: Raster): DeepPicture {
  return { width, height, channels, depth: 8, data };
}

/** 16-bit colour conversion interpolates in a table and strays by some 8-bit steps at the gamut's edge; the 8-bit one is exact and bounds it. */
function refine(samples: Uint16Array, { data }: Raster): void {
  if (data.length !== samples.length) return;
  for (let i = 0; i < samples.length; i++) {
    const middle = data[i]! * 257;
    samples[i] = Math.min(middle + 128, Math.max(middle - 128, samples[i]!, 0), 65_535);
  }
}

function spread(data: Uint8Array | Uint16Array, channels: number): Uint8Array | Uint16Array {
  const wide = channels + 2;
  const result =
    data instanceof Uint16Array
      ? new Uint16Array((data.length / channels) * wide)
      : new Uint8Array((data.length / channels) * wide);
  for (let from = 0, to = 0; from < data.length; from += channels, to += wide) {
    result.fill(data[from]!, to, to + 3);
    if (channels === 2) result[to + 3] = data[from + 1]!;
  }
  return result;
}
