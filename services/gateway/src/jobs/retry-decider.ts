import type { MoodError } from "@moodifier/service-kit";

/** What became of an attempt. */
export interface FailedAttempt {
  readonly error: MoodError;
  /** Earlier attempts that counted as failures. */
  readonly failures: number;
}

/** Whether to try again. */
export type RetryDecision =
  | { readonly retry: false }
  | {
      readonly retry: true;
      readonly delayMs: number;
      /** False when the attempt does not use up one of the tries. */
      readonly counts: boolean;
    };

export interface RetryLimits {
  /** Attempts that may fail, the first included. */
  readonly maxAttempts: number;
  /** Pause after the first failure, in milliseconds; doubles with each. */
  readonly baseMs: number;
  readonly maxMs: number;
  /** 0..1. */
  readonly random?: () => number;
}

/**
 * Decides by the kind of error. A full model service (RESOURCE_EXHAUSTED) has done nothing yet: the job waits and loses no try. A service that can't be reached, or lost the call (UNAVAILABLE, ABORTED), is
 * tried again a few times. Everything else would end the same way.
 */
export function decideRetry({ error, failures }: FailedAttempt, limits: RetryLimits): RetryDecision {
  const { maxAttempts, baseMs, maxMs, random = Math.random } = limits;
  if (error.code === "RESOURCE_EXHAUSTED") {
    const askedMs = (error.details.retryAfterSeconds ?? 0) * 1000;
    // Jitter, so that all that were refused together do not come back together.
    return { retry: true, counts: false, delayMs: Math.min(maxMs, Math.max(baseMs, askedMs)) * (1 + random()) };
  }
  if (error.reason === "SHUTTING_DOWN") return { retry: true, counts: false, delayMs: 0 };
  if (error.code !== "UNAVAILABLE" && error.code !== "ABORTED") return { retry: false };
  if (failures + 1 >= maxAttempts) return { retry: false };
  return { retry: true, counts: true, delayMs: Math.min(maxMs, baseMs * 2 ** failures) * (0.5 + random() / 2) };
}
