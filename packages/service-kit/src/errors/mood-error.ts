/** The closed list of error codes: gRPC's, by name, with their numbers on the wire. */
export const CODES = {
  CANCELLED: 1,
  UNKNOWN: 2,
  INVALID_ARGUMENT: 3,
  DEADLINE_EXCEEDED: 4,
  NOT_FOUND: 5,
  ALREADY_EXISTS: 6,
  PERMISSION_DENIED: 7,
  RESOURCE_EXHAUSTED: 8,
  FAILED_PRECONDITION: 9,
  ABORTED: 10,
  OUT_OF_RANGE: 11,
  UNIMPLEMENTED: 12,
  INTERNAL: 13,
  UNAVAILABLE: 14,
  DATA_LOSS: 15,
  UNAUTHENTICATED: 16,
} as const;

/** One of {@link CODES}. */
export type ErrorCode = keyof typeof CODES;

/** Facts about an error that a program may read; JSON values only. `retryAfterSeconds` tells when to try again. */
export type ErrorDetails = Readonly<Record<string, unknown>> & { readonly retryAfterSeconds?: number };

/**
 * The one error class at the edge of a service. It is mapped once to a gRPC status (`toStatus`) and once to problem+json (`toProblem`).
 *
 * `reason` is a stable SCREAMING_SNAKE constant such as `MASK_EMPTY`; `message` names the argument, what was expected and what came, and holds no
 * prompt text and no secret; `details` travels to the caller; `cause` goes to the log and never onto the wire.
 */
export class MoodError extends Error {
  override readonly name = "MoodError";
  readonly code: ErrorCode;
  readonly reason: string;
  readonly details: ErrorDetails;

  constructor(
    code: ErrorCode,
    reason: string,
    message: string,
    options: { details?: ErrorDetails; cause?: unknown } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.reason = reason;
    this.details = options.details ?? {};
  }
}

/** The name of a code number, `UNKNOWN` when it is not in {@link CODES}. */
export function codeName(code: number): ErrorCode {
  const found = Object.entries(CODES).find(([, number]) => number === code);
  return found ? (found[0] as ErrorCode) : "UNKNOWN";
}
