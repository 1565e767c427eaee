import type { ErrorCode, ErrorDetails, MoodError } from "./mood-error.ts";

/** An RFC 9457 problem: the body of an `application/problem+json` answer. */
export interface Problem {
  /** `urn:moodifier:problem:` and the reason, in kebab case. */
  readonly type: string;
  /** The code in words. */
  readonly title: string;
  /** HTTP status. */
  readonly status: number;
  readonly detail: string;
  readonly code: ErrorCode;
  readonly reason: string;
  readonly instance?: string;
  readonly details?: ErrorDetails;
}

const STATUS_OF_CODE: Readonly<Record<ErrorCode, number>> = {
  CANCELLED: 499,
  UNKNOWN: 500,
  INVALID_ARGUMENT: 400,
  DEADLINE_EXCEEDED: 504,
  NOT_FOUND: 404,
  ALREADY_EXISTS: 409,
  PERMISSION_DENIED: 403,
  RESOURCE_EXHAUSTED: 429,
  FAILED_PRECONDITION: 409,
  ABORTED: 409,
  OUT_OF_RANGE: 400,
  UNIMPLEMENTED: 501,
  INTERNAL: 500,
  UNAVAILABLE: 503,
  DATA_LOSS: 500,
  UNAUTHENTICATED: 401,
};

/** Reasons whose HTTP status says more than their code's. */
const STATUS_OF_REASON: Readonly<Record<string, number>> = {
  IMAGE_TOO_LARGE: 413,
  MESSAGE_TOO_LARGE: 413,
  IMAGE_UNSUPPORTED: 415,
};

/**
 * The problem+json body of an error, and the headers to send with it: `content-type`, and `retry-after` when `details.retryAfterSeconds` is set.
 * `instance` is the path of the request.
 */
export function toProblem(error: MoodError, instance?: string): { body: Problem; headers: Record<string, string> } {
  const headers: Record<string, string> = { "content-type": "application/problem+json" };
  if (error.details.retryAfterSeconds !== undefined)
    headers["retry-after"] = String(Math.ceil(error.details.retryAfterSeconds));
  const body: Problem = {
    type: `urn:moodifier:problem:${error.reason.toLowerCase().replaceAll("_", "-")}`,
    title: error.code.charAt(0) + error.code.slice(1).toLowerCase().replaceAll("_", " "),
    status: STATUS_OF_REASON[error.reason] ?? STATUS_OF_CODE[error.code],
    detail: error.message,
    code: error.code,
    reason: error.reason,
    ...(instance === undefined ? {} : { instance }),
    ...(Object.keys(error.details).length === 0 ? {} : { details: error.details }),
  };
  return { body, headers };
}
