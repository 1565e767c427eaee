import {
  BrokenCircuitError,
  ConsecutiveBreaker,
  DelegateBackoff,
  circuitBreaker,
  handleWhen,
  retry,
  type IRetryBackoffContext,
} from "cockatiel";
import type { Logger } from "@moodifier/service-kit";
import { ChatError } from "../vision-chat.ts";

/** Failures in a row, retries included, after which the server is left alone. */
const BREAK_AFTER = 5;
/** How long it is left alone, milliseconds; then one request finds out. */
const REST_MS = 15_000;
/** Retries allowed per request on average (a token bucket): a server in trouble is not asked three times by everybody. */
const RETRY_SHARE = 0.2;
/** Retries that may be spent at once. */
const RETRY_BURST = 10;
const FIRST_PAUSE_MS = 250;
const LONGEST_PAUSE_MS = 10_000;

/** Runs requests to one server. */
export type ChatGuard = {
  /** Makes the request, again when the server was busy or unreachable. */
  run<T>(request: (signal: AbortSignal) => Promise<T>, signal: AbortSignal): Promise<T>;
};

/** Settings of a guard. */
export type GuardOptions = { attempts: number; logger?: Logger | undefined; restMs?: number };

/**
 * Retries with a budget inside a circuit breaker. Tried again: HTTP 429 and 5xx, no connection, a reply that was cut off; the server's
 * Retry-After counts. A timeout is not: its time is spent.
 */
export function createChatGuard({ attempts, logger, restMs = REST_MS }: GuardOptions): ChatGuard {
  const budget = new RetryBudget();
  const again = retry(
    handleWhen((error) => isRetryable(error) && budget.spend()),
    { maxAttempts: attempts - 1, backoff: new DelegateBackoff(pauseBefore) },
  );
  const circuit = circuitBreaker(handleWhen(countsAgainstServer), {
    halfOpenAfter: restMs,
    breaker: new ConsecutiveBreaker(BREAK_AFTER),
  });
  circuit.onBreak(() => logger?.warn({ restMs }, "the chat server keeps failing; it is left alone for a while"));
  circuit.onReset(() => logger?.info("the chat server answers again"));
  again.onRetry(({ attempt, delay }) =>
    logger?.warn({ attempt, delayMs: Math.round(delay) }, "asking the chat server again"),
  );
  return {
    async run(request, signal) {
      budget.earn();
      try {
        return await again.execute(() => circuit.execute(() => request(signal), signal), signal);
      } catch (error) {
        signal.throwIfAborted();
        if (!(error instanceof BrokenCircuitError)) throw error;
        const text = `the chat server failed ${BREAK_AFTER} times in a row and is left alone for ${restMs / 1000} s`;
        throw new ChatError("CHAT_UNAVAILABLE", text, { cause: error });
      }
    },
  };
}

function isRetryable(error: unknown): boolean {
  return error instanceof ChatError && error.reason === "CHAT_UNAVAILABLE";
}

function countsAgainstServer(error: unknown): boolean {
  return error instanceof ChatError && (error.reason === "CHAT_UNAVAILABLE" || error.reason === "CHAT_TIMEOUT");
}

/** What the server asked for, else a random part of a doubling pause. */
function pauseBefore({ attempt, result }: IRetryBackoffContext<unknown>): number {
  const asked = "error" in result && result.error instanceof ChatError ? result.error.retryAfterMs : undefined;
  if (asked !== undefined) return Math.min(asked, LONGEST_PAUSE_MS);
  return Math.random() * Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** attempt);
}

class RetryBudget {
  #tokens = RETRY_BURST;

  earn(): void {
    this.#tokens = Math.min(RETRY_BURST, this.#tokens + RETRY_SHARE);
  }

  spend(): boolean {
    if (this.#tokens < 1) return false;
    this.#tokens -= 1;
    return true;
  }
}
