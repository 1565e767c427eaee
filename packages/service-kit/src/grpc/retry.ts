import { setTimeout as sleep } from "node:timers/promises";
import { MoodError } from "../errors/mood-error.ts";

/** When and how often a failed call is made again. */
export interface RetryPolicy {
  /** Calls in all, 1..10; 1 switches retries off. */
  readonly attempts: number;
  /** Longest pause before the second call, milliseconds; doubles for each further one. */
  readonly baseMs: number;
  /** Longest pause, milliseconds. */
  readonly maxMs: number;
  /** Whether this error is worth another call. */
  readonly decide: (error: MoodError) => boolean;
}

/** What the connection or a stopping server says. Any other UNAVAILABLE is the service's own answer about what it depends on, which it has tried again itself. */
const TRANSPORT_REASONS: ReadonlySet<string> = new Set(["SERVICE_UNAVAILABLE", "SERVICE_STOPPING"]);

/** Three calls, and only when the service could not be reached: every other status says that the work was refused, done, or must not be repeated. */
export const DEFAULT_RETRY: RetryPolicy = {
  attempts: 3,
  baseMs: 100,
  maxMs: 2000,
  decide: ({ code, reason }) => code === "UNAVAILABLE" && TRANSPORT_REASONS.has(reason),
};

/** What `retry` runs under. */
export interface RetryLimits {
  readonly signal?: AbortSignal | undefined;
  /** Epoch milliseconds after which no further call starts. */
  readonly deadline: number;
  readonly onRetry?: () => void;
}

/**
 * Waits before another call after `attempt` (1-based) failed with `error`: a uniformly random part of baseMs * 2^(attempt - 1), at most maxMs ("full
 * jitter"). Returns false when there must be none: attempts spent, decider says no, deadline too near, or aborted.
 */
export async function pauseBeforeRetry(
  error: MoodError,
  attempt: number,
  policy: RetryPolicy,
  limits: RetryLimits,
): Promise<boolean> {
  if (attempt >= policy.attempts || !policy.decide(error)) return false;
  const pauseMs = Math.random() * Math.min(policy.maxMs, policy.baseMs * 2 ** (attempt - 1));
  if (limits.signal?.aborted === true || Date.now() + pauseMs >= limits.deadline) return false;
  try {
    await sleep(pauseMs, undefined, limits.signal ? { signal: limits.signal } : {});
  } catch {
    return false;
  }
  limits.onRetry?.();
  return true;
}
