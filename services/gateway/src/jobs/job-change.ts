import type { Database } from "../database/database.ts";
import { isFinal, type JobChange } from "./job.ts";
import type { JobRow } from "./job-row.ts";

/** Name of the notices that tell of a job's events; the payload is its id, with a mark when the job has ended. */
export const eventChannel = "moodifier_job_event";
export const endMark = " ended";

/** Which job, and under which conditions it may change. */
export interface ChangeTarget {
  readonly id: string;
  /** The fencing token; unset changes it whoever works on it. */
  readonly attempt?: number;
}

/** Added to the change of a job that ends or leaves its worker. */
export interface ChangeExtras {
  /** How long a finished job is kept, in milliseconds. */
  readonly retentionMs: number;
  /** Set when the attempt ends without an end of the job. */
  readonly release?: { readonly counts: boolean };
}

/** One statement: the record, its event, its preview and the notice to whoever watches. */
const sql = `
  WITH changed AS (
    UPDATE job SET
      status = COALESCE($3::text, status),
      stage = CASE WHEN $3::text = 'succeeded' THEN 'finishing' WHEN $4::boolean THEN stage ELSE COALESCE($3::text, stage) END,
      sequence = sequence + 1,
      record = record || $5::jsonb ||
        CASE WHEN $5::jsonb ? 'problem' THEN jsonb_build_object('problem', jsonb_build_object('stage', stage) || ($5::jsonb->'problem')) ELSE '{}'::jsonb END ||
        jsonb_build_object('timings', COALESCE(record->'timings', '{}'::jsonb) || $6::jsonb ||
        CASE WHEN $4::boolean THEN jsonb_build_object('total_ms', round(1000 * extract(epoch FROM clock_timestamp() - created_at))) ELSE '{}'::jsonb END),
      result = COALESCE($7::jsonb, result),
      finished_at = CASE WHEN $4::boolean THEN clock_timestamp() END,
      expires_at = CASE WHEN $4::boolean THEN clock_timestamp() + $8::float8 * interval '1 millisecond' END,
      failures = failures + $9::int,
      worker = CASE WHEN $4::boolean OR $10::boolean THEN NULL ELSE worker END
    WHERE id = $1::uuid AND finished_at IS NULL AND ($2::int IS NULL OR (attempt = $2::int AND status <> 'queued'))
    RETURNING *),
  event AS (
    INSERT INTO job_event (job_id, tenant_id, sequence, status, stage, progress)
    SELECT id, tenant_id, sequence, status, stage, record->'progress' FROM changed),
  preview AS (
    INSERT INTO job_preview (job_id, sequence, media_type, data)
    SELECT id, sequence, $11::text, $12::bytea FROM changed WHERE $12::bytea IS NOT NULL
    ON CONFLICT (job_id) DO UPDATE SET sequence = excluded.sequence, media_type = excluded.media_type, data = excluded.data)
  SELECT changed.*, pg_notify('${eventChannel}', id || CASE WHEN finished_at IS NULL THEN '' ELSE '${endMark}' END) AS told FROM changed`;

/** Applies a change; undefined when the job is unknown, has ended, or runs under another attempt. */
export async function applyChange(
  database: Database,
  { id, attempt }: ChangeTarget,
  change: JobChange,
  extras: ChangeExtras,
): Promise<JobRow | undefined> {
  const { preview, result, status, timings = {}, ...fields } = change;
  const final = status !== undefined && isFinal(status);
  const { release } = extras;
  const [row] = await database.query<JobRow>(sql, [
    id,
    attempt ?? null,
    status ?? null,
    final,
    JSON.stringify(fields),
    JSON.stringify(timings),
    result ? JSON.stringify(result) : null,
    extras.retentionMs,
    release?.counts === true ? 1 : 0,
    release !== undefined,
    preview?.mediaType ?? null,
    preview?.data ?? null,
  ]);
  return row;
}
