import { CODES, type ErrorCode, MoodError } from "./mood-error.ts";

const REASON = /^[A-Z][A-Z0-9_]*$/;

/** Library reasons that describe the caller's input rather than a fault of ours. */
const ARGUMENT_REASON = /^(IMAGE|MASK|PROMPT|TEXT|BOX|REGION|EMOTION|CATEGORY|INTENSITY|TOKEN)_/;

/**
 * Any thrown value as a {@link MoodError}. A library error that carries a `reason` constant keeps reason and message: with its own `code` when that is
 * one of the closed list, as INVALID_ARGUMENT when the reason describes an argument (`IMAGE_CORRUPT`), as INTERNAL otherwise. Aborts, and
 * whatever else is thrown once `signal` has aborted, become the signal's reason, CANCELLED or DEADLINE_EXCEEDED. Everything else becomes INTERNAL with a message that reveals nothing; the original is the `cause`.
 */
export function toMoodError(error: unknown, signal?: AbortSignal): MoodError {
  if (error instanceof MoodError) return error;
  if (isAbort(error)) return abortError(error, signal);
  if (error instanceof Error && "reason" in error && typeof error.reason === "string" && REASON.test(error.reason)) {
    return new MoodError(libraryCode(error, error.reason), error.reason, error.message, { cause: error });
  }
  if (signal?.aborted === true) return abortError(error, signal);
  return new MoodError("INTERNAL", "INTERNAL", "internal error; the service's log has the cause", { cause: error });
}

function libraryCode(error: Error, reason: string): ErrorCode {
  const own = "code" in error && typeof error.code === "string" ? error.code : "";
  if (own in CODES) return own as ErrorCode;
  return ARGUMENT_REASON.test(reason) ? "INVALID_ARGUMENT" : "INTERNAL";
}

function isAbort(error: unknown): boolean {
  return error instanceof Error && (error.name === "AbortError" || error.name === "TimeoutError");
}

function abortError(error: unknown, signal: AbortSignal | undefined): MoodError {
  if (signal?.reason instanceof MoodError) return signal.reason;
  const timedOut = error instanceof Error && error.name === "TimeoutError";
  return timedOut
    ? new MoodError("DEADLINE_EXCEEDED", "DEADLINE_EXCEEDED", "the deadline passed before the work was done", {
        cause: error,
      })
    : new MoodError("CANCELLED", "CANCELLED", "the caller cancelled the work", { cause: error });
}
