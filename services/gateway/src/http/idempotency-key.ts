import { createHash } from "node:crypto";
import { MoodError } from "@moodifier/service-kit";
import { quote, refuse } from "./refuse.ts";

/** What makes a repeated request find the outcome of the first. */
export interface IdempotencyKey {
  readonly key: string;
  /** sha256 over everything that was asked for. */
  readonly fingerprint: string;
}

/**
 * Reads the header Idempotency-Key: 1..255 visible characters, with or without the quotation marks of a structured field. Undefined without the header.
 * `part` tells the things apart that one request makes. Errors: IDEMPOTENCY_KEY_INVALID.
 */
export function readIdempotencyKey(
  header: string | string[] | undefined,
  payload: unknown,
  part?: number,
): IdempotencyKey | undefined {
  if (header === undefined) return undefined;
  const bare = typeof header === "string" ? header.trim().replace(/^"(.*)"$/, "$1") : "";
  if (!/^[\x21-\x7e]{1,255}$/.test(bare)) {
    const expected = "one key of 1 to 255 visible characters";
    throw refuse("IDEMPOTENCY_KEY_INVALID", { argument: "Idempotency-Key", expected, got: quote(header) });
  }
  const text = JSON.stringify(payload, (_name, value: unknown) => (typeof value === "bigint" ? String(value) : value));
  return {
    key: part === undefined ? bare : `${bare}/${part}`,
    fingerprint: createHash("sha256").update(text).digest("hex"),
  };
}

/** For an INSERT into a table with `tenant_id` and a unique `idempotency_key`: a key that is there gives no row. */
export const onRepeatedKey = "ON CONFLICT (tenant_id, idempotency_key) WHERE idempotency_key IS NOT NULL DO NOTHING";

/** `first`: fingerprint of the request that used the key first. Errors: IDEMPOTENCY_KEY_REUSED. */
export function checkRepeated(first: string | null, { fingerprint }: IdempotencyKey): void {
  if (first === fingerprint) return;
  throw refuse("IDEMPOTENCY_KEY_REUSED", {
    argument: "Idempotency-Key",
    expected: "the same request as when the key was first used",
    got: "another one",
  });
}

/** The key's first outcome was forgotten between two looks. */
export function keyBusy(): MoodError {
  return new MoodError("ABORTED", "IDEMPOTENCY_KEY_BUSY", "What the key belongs to was just forgotten; try again.");
}
