import { decodeImage, decodeMask, encodeMask } from "@moodifier/inference";
import { MoodError, toMoodError } from "@moodifier/service-kit";
import { refuse } from "../http/refuse.ts";
import type { RequestBody } from "../http/upload.ts";
import type { EncodedImage, UserMask } from "../jobs/job.ts";
import type { WarningView } from "../jobs/job-parts.ts";

/** The picture of a request and its mask, decoded once to be sure that they can be. */
export interface SourcePicture {
  readonly image: EncodedImage;
  /** Upright size in pixels. */
  readonly width: number;
  readonly height: number;
  readonly hasAlpha: boolean;
  readonly mask?: UserMask;
  readonly warnings: readonly WarningView[];
}

/** Smallest picture, in pixels a side, in which something can be edited. */
const minSidePx = 8;

/** A mask that leaves less than this fraction of the picture alone counts as full. */
const fullCoverage = 0.999;

/**
 * Decodes `image` and, where present, `mask` (white = may change, in the upright picture's frame).
 * Errors: FIELD_MISSING, the codec's IMAGE_* and MASK_*, IMAGE_TOO_SMALL, MASK_EMPTY. A full mask is accepted with the warning MASK_FULL.
 */
export async function readSourcePicture(body: RequestBody, signal: AbortSignal): Promise<SourcePicture> {
  const upload = body.files["image"];
  if (!upload)
    throw refuse("FIELD_MISSING", { argument: "image", expected: "a PNG, JPEG or WebP picture", got: "nothing" });
  const picture = await naming("image", decodeImage(upload.data, { signal }));
  const { width, height } = picture;
  if (Math.min(width, height) < minSidePx) {
    const expected = `a picture of at least ${minSidePx} x ${minSidePx} pixels`;
    throw refuse("IMAGE_TOO_SMALL", { argument: "image", expected, got: `${width} x ${height} pixels` });
  }
  const hasAlpha = picture.channels === 4;
  const image = { data: upload.data, mediaType: picture.mediaType };
  const warnings = picture.warnings.map(({ code, message }) => ({ code, message }));
  const maskUpload = body.files["mask"];
  if (!maskUpload) return { image, width, height, hasAlpha, warnings };
  const { mask, warnings: maskWarnings } = await readMask(maskUpload.data, { width, height, signal });
  return { image, width, height, hasAlpha, mask, warnings: [...warnings, ...maskWarnings] };
}

async function readMask(data: Buffer, options: { width: number; height: number; signal: AbortSignal }) {
  const mask = await naming("mask", decodeMask(data, options));
  const editable = mask.data.reduce((count, value) => count + (value > 0.5 ? 1 : 0), 0);
  const coverage = editable / mask.data.length;
  if (editable === 0) {
    throw refuse("MASK_EMPTY", {
      argument: "mask",
      expected: "a mask with white where the picture may change",
      got: "a mask without one pixel above half white",
    });
  }
  const full: WarningView = { code: "MASK_FULL", message: "The mask lets the whole picture change." };
  return {
    mask: { png: await encodeMask(mask), coverage },
    warnings: coverage >= fullCoverage ? [full] : [],
  };
}

/** The codec doesn't know for which argument it works. */
async function naming<T>(argument: string, work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    const { code, reason, message, details } = toMoodError(error);
    throw new MoodError(code, reason, `${argument}: ${message}.`, { details: { ...details, argument }, cause: error });
  }
}
