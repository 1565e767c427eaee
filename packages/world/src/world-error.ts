export type WorldErrorReason =
  | "STYLE_UNKNOWN"
  | "SIZE_OUT_OF_RANGE"
  | "COUNT_OUT_OF_RANGE"
  | "DRAWING_CHANGED"
  | "CHROMIUM_MISSING"
  | "CATEGORY_UNKNOWN"
  | "RENDER_FAILED";

/** What went wrong in MoodWorld, with a constant `reason` to branch on. */
export class WorldError extends Error {
  readonly reason: WorldErrorReason;

  constructor(reason: WorldErrorReason, message: string) {
    super(message);
    this.name = "WorldError";
    this.reason = reason;
  }
}
