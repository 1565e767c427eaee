import { MoodError } from "@moodifier/service-kit";

/** What was wrong with an argument. */
export interface Refusal {
  readonly argument: string;
  readonly expected: string;
  readonly got: string;
}

/** An INVALID_ARGUMENT error whose message and details name the argument, what was expected and what came. */
export function refuse(reason: string, refusal: Refusal, options: { cause?: unknown } = {}): MoodError {
  const { argument, expected, got } = refusal;
  return new MoodError("INVALID_ARGUMENT", reason, `${argument}: expected ${expected}, got ${got}.`, {
    details: { argument, expected, got },
    ...(options.cause !== undefined && { cause: options.cause }),
  });
}

/** Quotes a value for an error message, cut to a readable length. */
export function quote(value: unknown): string {
  const text = typeof value === "bigint" ? String(value) : (JSON.stringify(value) ?? String(value));
  return text.length > 80 ? `${text.slice(0, 77)}...` : text;
}
