import { setTimeout as sleep } from "node:timers/promises";
import {
  BrokenCircuitError,
  circuitBreaker,
  type CircuitBreakerPolicy,
  CircuitState,
  ConsecutiveBreaker,
  handleWhen,
} from "cockatiel";
import { untilAborted, type Logger } from "@moodifier/service-kit";
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
  /**
   * Makes the request, again when the server was busy or unreachable.
   * @throws ChatError, CHAT_TIMEOUT once `limit` has aborted; the reason of the caller's signal when that aborts.
   */
  run<T>(request: (signal: AbortSignal) => Promise<T>, bounds: CallBounds): Promise<T>;
};

/** What ends a call early. */
export type CallBounds = {
  /** The caller's. */
  signal?: AbortSignal | undefined;
  /** Aborts when the time for the reply, retries included, is over; a request that still runs then counts against the server. */
  limit: AbortSignal;
};

/** Settings of a guard. */
export type GuardOptions = { attempts: number; logger?: Logger | undefined; restMs?: number };

/** The caller aborted a request, which says nothing about the server. */
class CallerLeft extends Error {}

/**
 * Retries with a budget around a circuit breaker. Tried again: HTTP 429 and 5xx, no connection, a reply that was cut off; the server's
 * Retry-After counts. A timeout is not: its time is spent.
 */
export function createChatGuard({ attempts, logger, restMs = REST_MS }: GuardOptions): ChatGuard {
  const budget = new RetryBudget();
  // The one request that finds out whether the server is back decides; when its caller leaves, nothing was found out.
  const undecided = (error: unknown) => error instanceof CallerLeft && circuit.state === CircuitState.HalfOpen;
  const circuit: CircuitBreakerPolicy = circuitBreaker(
    handleWhen((error) => countsAgainstServer(error) || undecided(error)),
    { halfOpenAfter: restMs, breaker: new ConsecutiveBreaker(BREAK_AFTER) },
  );
  let restsUntil = 0;
  circuit.onBreak(() => {
    restsUntil = Date.now() + restMs;
    logger?.warn({ restMs }, "the chat server keeps failing; it is left alone for a while");
  });
  circuit.onReset(() => logger?.info("the chat server answers again"));
  const attemptUntilAnswered = async <T>(request: () => Promise<T>, signal: AbortSignal): Promise<T> => {
    for (let attempt = 1; ; attempt++) {
      try {
        return await untilAborted(circuit.execute(request, signal), signal);
      } catch (error) {
        if (!isRetryable(error) || attempt >= attempts || !budget.spend()) throw error;
        const delayMs = pauseBefore(attempt, error);
        logger?.warn({ attempt, delayMs: Math.round(delayMs) }, "asking the chat server again");
        await sleep(delayMs, undefined, { signal });
      }
    }
  };
  return {
    async run(request, { signal: caller, limit }) {
      budget.earn();
      const signal = caller ? AbortSignal.any([caller, limit]) : limit;
      const attempt = async () => {
        try {
          return await request(signal);
        } catch (error) {
          if (caller?.aborted) throw new CallerLeft("the caller left", { cause: error });
          throw limit.aborted ? timeoutError(error) : error;
        }
      };
      try {
        return await attemptUntilAnswered(attempt, signal);
      } catch (error) {
        caller?.throwIfAborted();
        if (limit.aborted) throw timeoutError(error);
        if (!(error instanceof BrokenCircuitError)) throw error;
        const text = `the chat server failed ${BREAK_AFTER} times in a row and is left alone for ${restMs / 1000} s`;
        const retryAfterMs = Math.max(0, restsUntil - Date.now());
        throw new ChatError("CHAT_UNAVAILABLE", text, { cause: error, retryAfterMs });
      }
    },
  };
}

function timeoutError(cause: unknown): ChatError {
  const text = "the chat server sent no reply in its time; MOODIFIER_CHAT_TIMEOUT_MS allows more";
  return new ChatError("CHAT_TIMEOUT", text, { cause });
}

function isRetryable(error: unknown): error is ChatError {
  return error instanceof ChatError && error.reason === "CHAT_UNAVAILABLE";
}

function countsAgainstServer(error: unknown): boolean {
  return error instanceof ChatError && (error.reason === "CHAT_UNAVAILABLE" || error.reason === "CHAT_TIMEOUT");
}

/** What the server asked for, else a random part of a doubling pause. */
function pauseBefore(attempt: number, { retryAfterMs: asked }: ChatError): number {
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
