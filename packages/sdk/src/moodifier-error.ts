import type { Problem } from "./models.ts";

/** The gateway answered with a problem (RFC 9457). */
export class MoodifierError extends Error {
  override readonly name = "MoodifierError";
  /** HTTP status. */
  readonly status: number;
  /** Stable constant, for example MASK_EMPTY; NOT_A_GATEWAY when something else answered. */
  readonly reason: string;
  readonly problem: Problem;
  /** Seconds after which to try again, when the gateway said so. */
  readonly retryAfterSeconds: number | undefined;

  constructor(problem: Problem, retryAfterSeconds?: number) {
    super(problem.detail);
    this.status = problem.status;
    this.reason = problem.reason;
    this.problem = problem;
    this.retryAfterSeconds = retryAfterSeconds;
  }
}

/** No answer came. */
export class UnreachableError extends Error {
  override readonly name = "UnreachableError";
}

/** The error of an answer of 400 or more. */
export async function readError(response: Response): Promise<MoodifierError> {
  const text = await response.text();
  const header = Number(response.headers.get("retry-after") ?? Number.NaN);
  const retryAfter = Number.isFinite(header) ? header : undefined;
  if (response.headers.get("content-type")?.startsWith("application/problem+json")) {
    return new MoodifierError(JSON.parse(text) as Problem, retryAfter);
  }
  const detail = `${response.url} answered ${response.status}: ${text.slice(0, 200)}`;
  const problem = { type: "about:blank", title: "Not a gateway", status: response.status, detail };
  return new MoodifierError({ ...problem, code: "UNKNOWN", reason: "NOT_A_GATEWAY", retryable: false }, retryAfter);
}
