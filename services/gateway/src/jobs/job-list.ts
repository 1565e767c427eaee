import type { Database } from "../database/database.ts";
import { quote, refuse } from "../http/refuse.ts";
import { type JobRow, toJob } from "./job-row.ts";
import type { JobFilter, JobPage } from "./job-store.ts";

interface Position {
  /** Microseconds since the epoch, as text: a number of milliseconds would skip rows of the same one. */
  readonly at: string;
  readonly id: string;
}

/** A page of a tenant's jobs, newest first. Errors: INVALID_ARGUMENT (CURSOR_INVALID). */
export async function listJobs(database: Database, filter: JobFilter): Promise<JobPage> {
  const after = filter.cursor === undefined ? undefined : readCursor(filter.cursor);
  const rows = await database.query<JobRow & { at: string }>(
    `SELECT *, (extract(epoch FROM created_at) * 1000000)::bigint::text AS at FROM job
     WHERE tenant_id = $1 AND ($2::text[] IS NULL OR status = ANY ($2::text[])) AND ($3::uuid IS NULL OR batch_id = $3::uuid)
       AND ($4::text IS NULL OR external_id = $4::text)
       AND ($5::timestamptz IS NULL OR created_at >= $5::timestamptz) AND ($6::timestamptz IS NULL OR created_at < $6::timestamptz)
       AND ($7::bigint IS NULL OR (created_at, id) < ('epoch'::timestamptz + $7::bigint * interval '1 microsecond', $8::uuid))
     ORDER BY created_at DESC, id DESC LIMIT $9`,
    [
      filter.tenantId,
      filter.status ? [...filter.status] : null,
      filter.batchId ?? null,
      filter.externalId ?? null,
      filter.createdFrom === undefined ? null : new Date(filter.createdFrom),
      filter.createdBefore === undefined ? null : new Date(filter.createdBefore),
      after ? Number(after.at) : null,
      after?.id ?? null,
      filter.limit + 1,
    ],
  );
  const page = rows.slice(0, filter.limit);
  const last = page.at(-1);
  return {
    jobs: page.map(toJob),
    ...(rows.length > filter.limit && last && { next: writeCursor({ at: last.at, id: last.id }) }),
  };
}

function writeCursor({ at, id }: Position): string {
  return Buffer.from(`${at} ${id}`).toString("base64url");
}

function readCursor(cursor: string): Position {
  const [, at, id] = /^(\d{1,17}) ([0-9a-f-]{36})$/.exec(Buffer.from(cursor, "base64url").toString()) ?? [];
  if (at !== undefined && id !== undefined) return { at, id };
  throw refuse("CURSOR_INVALID", { argument: "cursor", expected: "the next_cursor of a page", got: quote(cursor) });
}
