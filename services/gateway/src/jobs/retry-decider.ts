import type { MoodError } from "@moodifier/service-kit";

/** What became of an attempt. */
export interface FailedAttempt {
  readonly error: MoodError;
  /** Earlier attempts that counted as failures. */
  readonly failures: number;
  /** Number of this attempt, from 1; those that were cut short count too. */
  readonly attempt: number;
  /** Nobody waits for the answer: what only storage or database keep from being done is tried until it is late. */
  readonly patient: boolean;
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

/** Codes of what may go well the next time. */
const passing: ReadonlySet<string> = new Set(["UNAVAILABLE", "ABORTED"]);

/** Reasons that have nothing to do with the work. */
const outages: ReadonlySet<string> = new Set(["STORAGE_UNAVAILABLE", "STORAGE_FULL", "DATABASE_UNAVAILABLE"]);

/**
 * Decides by the kind of error. A full model service (RESOURCE_EXHAUSTED) has done nothing yet: the job waits and loses no try. A service that can't be reached, or lost the call (UNAVAILABLE, ABORTED), is
 * tried again a few times, for the work itself may have brought it down; so is a picture's server that was too slow (URL_TIMEOUT). Patient work sits out a storage or database that is away. Everything else would end the same way.
 */
export function decideRetry({ error, failures, attempt, patient }: FailedAttempt, limits: RetryLimits): RetryDecision {
  const { maxAttempts, baseMs, maxMs, random = Math.random } = limits;
  const askedMs = (error.details.retryAfterSeconds ?? 0) * 1000;
  // Jitter, so that all that were refused together do not come back together; never sooner than was asked for.
  const askedDelayMs = Math.min(maxMs, Math.max(baseMs, askedMs)) * (1 + random());
  if (error.code === "RESOURCE_EXHAUSTED") return { retry: true, counts: false, delayMs: askedDelayMs };
  if (error.reason === "SHUTTING_DOWN") return { retry: true, counts: false, delayMs: 0 };
  if (!passing.has(error.code) && error.reason !== "URL_TIMEOUT") return { retry: false };
  const counts = !(patient && outages.has(error.reason));
  if (counts && failures + 1 >= maxAttempts) return { retry: false };
  const doublings = counts ? failures : attempt - 1;
  const delayMs = Math.min(maxMs, baseMs * 2 ** doublings) * (0.5 + random() / 2);
  return { retry: true, counts, delayMs: askedMs > 0 ? Math.max(delayMs, askedDelayMs) : delayMs };
}
