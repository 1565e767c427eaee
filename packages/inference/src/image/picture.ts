import type { Raster } from "@moodifier/tensor";

/** Something about the source that the caller may want to tell. */
export interface PictureWarning {
  readonly code: "CMYK_WITHOUT_PROFILE" | "DEPTH_REDUCED" | "PROFILE_INVALID";
  readonly message: string;
}

/** A decoded picture: upright, sRGB, 8 bits a sample, RGB or (with alpha, not premultiplied) RGBA interleaved, row-major. */
export interface Picture extends Raster {
  /** Bits a sample of the source: 8 or 16; more than 8 were reduced. */
  readonly depth: number;
  /** Media type of the source bytes. */
  readonly mediaType: string;
  /** Whether the source carried a colour profile (which was applied). */
  readonly hadIcc: boolean;
  /** EXIF orientation 1..8 of the source, already applied. */
  readonly orientation: number;
  readonly warnings: readonly PictureWarning[];
}

/** A picture that did not come from a file. `data` is not copied. */
export function createPicture(raster: Raster): Picture {
  const { width, height, channels, data } = raster;
  if (data.length !== width * height * channels) {
    throw new RangeError(
      `a ${width}x${height} picture of ${channels} channels needs ${width * height * channels} bytes, got ${data.length}`,
    );
  }
  return {
    width,
    height,
    channels,
    data,
    depth: 8,
    mediaType: "image/png",
    hadIcc: false,
    orientation: 1,
    warnings: [],
  };
}
