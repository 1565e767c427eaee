import { quote, refuse } from "./refuse.ts";
import { isUuid } from "./uuid.ts";

/** A place in a list that is ordered by time of creation and id, newest first. It stays good when what stood there is forgotten. */
export interface Position {
  /** Microseconds since the epoch, as text: a number of milliseconds would skip rows of the same one. */
  readonly at: string;
  readonly id: string;
}

/** A page of a list, and where the next begins; unset on the last. */
export interface ListPage<T> {
  readonly items: readonly T[];
  readonly next?: string;
}

/** For a SELECT: what makes its rows {@link Position}s. */
export const selectPosition = "(extract(epoch FROM created_at) * 1000000)::bigint::text AS at";

/** For a WHERE: rows after the position of `positionParams`, whose first parameter is number `from`. */
export function isAfterPosition(from: number, idType: "uuid" | "text" = "uuid"): string {
  return `($${from}::bigint IS NULL OR (created_at, id) < ('epoch'::timestamptz + $${from}::bigint * interval '1 microsecond', $${from + 1}::${idType}))`;
}

/** The two parameters of {@link isAfterPosition}; without a cursor they mean the first page. Errors: INVALID_ARGUMENT (CURSOR_INVALID). */
export function positionParams(cursor: string | undefined, isId = isUuid): [at: number | null, id: string | null] {
  if (cursor === undefined) return [null, null];
  const [, at, id] = /^(\d{1,16}) (\S{1,64})$/.exec(Buffer.from(cursor, "base64url").toString()) ?? [];
  if (at !== undefined && id !== undefined && isId(id)) return [Number(at), id];
  throw refuse("CURSOR_INVALID", { argument: "cursor", expected: "the next_cursor of a page", got: quote(cursor) });
}

/** The page that `limit` + 1 asked rows make. */
export function pageOf<Row extends Position, T>(
  rows: readonly Row[],
  limit: number,
  toItem: (row: Row) => T,
): ListPage<T> {
  const page = rows.slice(0, limit);
  const last = page.at(-1);
  const next = rows.length > limit && last ? Buffer.from(`${last.at} ${last.id}`).toString("base64url") : undefined;
  return { items: page.map(toItem), ...(next !== undefined && { next }) };
}
