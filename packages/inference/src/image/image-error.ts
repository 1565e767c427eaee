/** Why a picture or a mask was refused. */
export type ImageReason =
  /** No bytes. */
  | "IMAGE_EMPTY"
  /** Damaged or cut short. */
  | "IMAGE_CORRUPT"
  /** More pixels than allowed; found in the header, nothing was decoded. */
  | "IMAGE_TOO_LARGE"
  /** A side that is too short to edit. */
  | "IMAGE_TOO_SMALL"
  /** One side is too long for the other. */
  | "IMAGE_TOO_NARROW"
  /** Another format than the one declared. */
  | "IMAGE_TYPE_MISMATCH"
  /** More than one frame. */
  | "IMAGE_ANIMATED"
  /** Not PNG, JPEG or WebP, or a variant of them that cannot be converted. */
  | "IMAGE_UNSUPPORTED"
  /** The mask's proportions are not those of its picture. */
  | "MASK_ASPECT_MISMATCH"
  /** An output option that the format does not have, or out of range. */
  | "IMAGE_OPTION_INVALID"
  /** The source's colour profile cannot be a destination; ask for sRGB. */
  | "IMAGE_PROFILE_UNUSABLE"
  /** Not even the lowest quality fits the wanted number of bytes. */
  | "IMAGE_BUDGET_TOO_SMALL";

/** The one error of the image codec. */
export class ImageError extends Error {
  override readonly name = "ImageError";
  readonly reason: ImageReason;

  constructor(reason: ImageReason, message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.reason = reason;
  }
}
