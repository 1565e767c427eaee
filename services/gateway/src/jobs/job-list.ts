import type { Database } from "../database/database.ts";
import { isAfterPosition, pageOf, positionParams, selectPosition } from "../http/list-cursor.ts";
import { type JobRow, toJob } from "./job-row.ts";
import type { JobFilter, JobPage } from "./job-store.ts";

/** A page of a tenant's jobs, newest first. Errors: INVALID_ARGUMENT (CURSOR_INVALID). */
export async function listJobs(database: Database, filter: JobFilter): Promise<JobPage> {
  const rows = await database.query<JobRow & { at: string }>(
    `SELECT *, ${selectPosition} FROM job
     WHERE tenant_id = $1 AND ($2::text[] IS NULL OR status = ANY ($2::text[])) AND ($3::uuid IS NULL OR batch_id = $3::uuid)
       AND ($4::text IS NULL OR external_id = $4::text)
       AND ($5::timestamptz IS NULL OR created_at >= $5::timestamptz) AND ($6::timestamptz IS NULL OR created_at < $6::timestamptz)
       AND ${isAfterPosition(7)}
     ORDER BY created_at DESC, id DESC LIMIT $9`,
    [
      filter.tenantId,
      filter.status ? [...filter.status] : null,
      filter.batchId ?? null,
      filter.externalId ?? null,
      filter.createdFrom === undefined ? null : new Date(filter.createdFrom),
      filter.createdBefore === undefined ? null : new Date(filter.createdBefore),
      ...positionParams(filter.cursor),
      filter.limit + 1,
    ],
  );
  const { items, next } = pageOf(rows, filter.limit, toJob);
  return { jobs: items, ...(next !== undefined && { next }) };
}
