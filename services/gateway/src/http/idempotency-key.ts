import { createHash } from "node:crypto";
import { quote, refuse } from "./refuse.ts";

/** What makes a repeated request find the outcome of the first. */
export interface IdempotencyKey {
  readonly key: string;
  /** sha256 over everything that was asked for. */
  readonly fingerprint: string;
}

/**
 * Reads the header Idempotency-Key: 1..255 visible characters, with or without the quotation marks of a structured field. Undefined without the header.
 * Errors: IDEMPOTENCY_KEY_INVALID.
 */
export function readIdempotencyKey(
  header: string | string[] | undefined,
  payload: unknown,
): IdempotencyKey | undefined {
  if (header === undefined) return undefined;
  const bare = typeof header === "string" ? header.trim().replace(/^"(.*)"$/, "$1") : "";
  if (!/^[\x21-\x7e]{1,255}$/.test(bare)) {
    const expected = "one key of 1 to 255 visible characters";
    throw refuse("IDEMPOTENCY_KEY_INVALID", { argument: "Idempotency-Key", expected, got: quote(header) });
  }
  const text = JSON.stringify(payload, (_name, value: unknown) => (typeof value === "bigint" ? String(value) : value));
  return { key: bare, fingerprint: createHash("sha256").update(text).digest("hex") };
}
