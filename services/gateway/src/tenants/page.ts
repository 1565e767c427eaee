import { quote, refuse } from "../http/refuse.ts";

/** Which part of a list is asked for. */
export interface Page {
  readonly limit: number;
  /** The `next_cursor` of the page before. */
  readonly cursor?: string;
}

const maxLimit = 200;

/** Reads `limit` (1..200, 50 unless told) and `cursor` from a query; anything else is refused. */
export function readPage(
  query: Readonly<Record<string, unknown>>,
  cursorPattern: RegExp,
  others: readonly string[] = [],
): Page {
  const unknown = Object.keys(query).find((name) => !["limit", "cursor", ...others].includes(name));
  if (unknown !== undefined) {
    const expected = `one of ${["limit", "cursor", ...others].join(", ")}`;
    throw refuse("FIELD_UNKNOWN", { argument: unknown, expected, got: "a parameter of this name" });
  }
  const { limit = "50", cursor } = query;
  if (typeof limit !== "string" || !/^\d{1,3}$/.test(limit) || Number(limit) < 1 || Number(limit) > maxLimit) {
    throw refuse("FIELD_INVALID", { argument: "limit", expected: `an integer 1..${maxLimit}`, got: quote(limit) });
  }
  if (cursor === undefined) return { limit: Number(limit) };
  if (typeof cursor !== "string" || !cursorPattern.test(cursor)) {
    throw refuse("FIELD_INVALID", { argument: "cursor", expected: "the next_cursor of a page", got: quote(cursor) });
  }
  return { limit: Number(limit), cursor };
}
