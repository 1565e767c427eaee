import { setTimeout as sleep } from "node:timers/promises";
import { ProblemError, UnavailableError } from "../output/failure.ts";

const longestPauseMs = 30_000;

/** How often something is tried and how long the pause after the first failure is; each further pause is twice as long, up to 30 s. */
export interface Patience {
  readonly attempts: number;
  readonly pauseMs: number;
}

/** Whether a later try may succeed: no answer came, the connection broke, or the server is busy or being replaced (429, 5xx). */
export function mayHeal(error: unknown): boolean {
  if (error instanceof ProblemError) return error.problem.status >= 500 || error.problem.status === 429;
  // fetch tells of a connection that broke in the middle by a TypeError.
  return error instanceof UnavailableError || error instanceof TypeError;
}

/** Waits after a failure, the first of which is number 1. Throws the signal's reason. */
export async function pauseAfter(failure: number, { pauseMs }: Patience, signal: AbortSignal): Promise<void> {
  const ms = Math.min(longestPauseMs, pauseMs * 2 ** (failure - 1));
  await sleep(ms, undefined, { signal }).catch(() => signal.throwIfAborted());
}

/** Does work, and again as long as its failure may heal. */
export async function retrying<T>(work: () => Promise<T>, patience: Patience, signal: AbortSignal): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await work();
    } catch (error) {
      signal.throwIfAborted();
      if (attempt >= patience.attempts || !mayHeal(error)) throw error;
    }
    await pauseAfter(attempt, patience, signal);
  }
}
