import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Raster } from "@moodifier/tensor";
import { openRaster } from "./encode.ts";
import { ImageError } from "./image-error.ts";

/** Colour space of an ICC profile's samples (ICC.1 7.2, header bytes 16..19), trimmed, for example "RGB", "CMYK" or "GRAY". */
export function profileSpace(profile: Uint8Array): string {
  return Buffer.from(profile.subarray(16, 20)).toString("latin1").trim();
}

/**
 * Brings 8-bit sRGB pixels into the colours of an RGB profile (perceptual intent); alpha stays. Size and channels stay.
 * Throws ImageError IMAGE_PROFILE_UNUSABLE when the profile cannot be a destination.
 */
export async function convertToProfile(raster: Raster, profile: Uint8Array): Promise<Uint8Array> {
  const folder = await mkdtemp(join(tmpdir(), "moodifier-icc-"));
  const remarks: string[] = [];
  try {
    // The library takes destination profiles by path only.
    const path = join(folder, "profile.icc");
    await writeFile(path, profile);
    const pipeline = openRaster(raster).withIccProfile(path, { attach: false });
    pipeline.on("warning", (text: string) => remarks.push(text.trim()));
    const { data, info } = await pipeline.raw({ depth: "uchar" }).toBuffer({ resolveWithObject: true });
    if (remarks.some((text) => text.includes("profile")) || info.channels !== raster.channels) {
      throw new Error(remarks.join("; ") || `${info.channels} channels`);
    }
    return data;
  } catch (cause) {
    throw new ImageError("IMAGE_PROFILE_UNUSABLE", "the picture's colour profile cannot be written to", { cause });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
