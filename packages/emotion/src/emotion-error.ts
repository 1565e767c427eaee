export type EmotionErrorReason = "EMOTION_UNKNOWN" | "CONTEXT_UNKNOWN";

/** An emotion, context or category that does not exist; `near` lists the names that were probably meant, nearest first. */
export class EmotionError extends Error {
  readonly reason: EmotionErrorReason;
  readonly near: readonly string[];

  constructor(reason: EmotionErrorReason, message: string, near: readonly string[]) {
    super(message);
    this.name = "EmotionError";
    this.reason = reason;
    this.near = near;
  }
}
