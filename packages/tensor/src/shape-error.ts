/** Thrown when sizes, dtypes or ranges of tensors, masks or pixel rasters do not fit together. Nothing has been changed by then. */
export class ShapeError extends Error {
  override readonly name = "ShapeError";
  /** Stable machine-readable cause. */
  readonly reason: "SHAPE_MISMATCH" | "VALUE_OUT_OF_RANGE";

  constructor(message: string, reason: "SHAPE_MISMATCH" | "VALUE_OUT_OF_RANGE" = "SHAPE_MISMATCH") {
    super(message);
    this.reason = reason;
  }
}
