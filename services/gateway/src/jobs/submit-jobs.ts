import { MoodError } from "@moodifier/service-kit";
import type { Database } from "../database/database.ts";
import { checkRepeated, type IdempotencyKey, keyBusy } from "../http/idempotency-key.ts";
import { orderNumbers, type TenantLimits } from "./fair-share.ts";
import type { Job, Lane, NewJob, StoredInput } from "./job.ts";
import { eventChannel } from "./job-change.ts";
import { createJobId } from "./job-id.ts";
import type { JobQueue } from "./job-queue.ts";
import { inputToJson, type JobRow, toJob } from "./job-row.ts";
import type { JobStoreOptions } from "./job-store-options.ts";
import type { Submitted } from "./job-store.ts";

/** Name of the notices that tell workers of new jobs; the payload is the lane. */
export const readyChannel = "moodifier_job_ready";

/** Steps of an edit that leaves them to its plan, for the estimate of its work. */
const usualSteps = 8;

/** Stores and queues a job, or finds the one that the same idempotency key made before. Runs in the caller's transaction. */
export async function submitOnce(
  tx: Database,
  queue: JobQueue,
  job: NewJob,
  options: JobStoreOptions,
): Promise<Submitted> {
  const id = createJobId();
  if (job.idempotency) {
    const earlier = await claimKey(tx, job.tenantId, job.idempotency, id);
    if (earlier) return { job: earlier, replayed: true };
  }
  const [stored] = await submitJobs(tx, queue, [job], options, [id]);
  return { job: stored as Job, replayed: false };
}

/** Stores and queues jobs of one tenant and lane. Runs in the caller's transaction. */
export async function submitJobs(
  tx: Database,
  queue: JobQueue,
  jobs: readonly NewJob[],
  options: JobStoreOptions,
  ids: readonly string[] = jobs.map(() => createJobId()),
): Promise<Job[]> {
  const [first] = jobs;
  if (!first) return [];
  const { tenantId, lane = "interactive", priority = 0 } = first;
  const limits = options.limitsOf(tenantId);
  const work = jobs.map(({ input }) => workOf(input));
  // Takes the tenant's row first, so that its submits count one after the other.
  const orders = await orderNumbers(tx, { lane, tenantId, priority, weight: limits.weight }, work);
  await checkRoom(tx, { lane, tenantId, count: jobs.length, limits, maxQueued: options.maxQueued[lane] });
  const made = await insertRows(tx, { jobs, ids, work, lane, finishWithinMs: options.finishWithinMs[lane] });
  const byId = new Map(made.map((row) => [row.id, row]));
  const rows = ids.flatMap((id) => byId.get(id) ?? []);
  await queue.add(
    tx,
    lane,
    rows.map((row, index) => ({
      id: row.id,
      order: orders[index] ?? 0,
      tenantId,
      tenantConcurrency: limits.concurrency,
      expireInSeconds: Math.ceil((row.finish_by.getTime() - row.created_at.getTime()) / 1000) + 60,
    })),
  );
  return rows.map(toJob);
}

/** Reserves the key, or returns the job that it belongs to. A second submit waits here until the first has ended. */
async function claimKey(
  tx: Database,
  tenantId: string,
  idempotency: IdempotencyKey,
  id: string,
): Promise<Job | undefined> {
  const made = await tx.query(
    "INSERT INTO idempotency_key (tenant_id, key, fingerprint, job_id) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING RETURNING key",
    [tenantId, idempotency.key, idempotency.fingerprint, id],
  );
  if (made.length > 0) return undefined;
  const earlier = await findRepeated(tx, tenantId, idempotency);
  if (!earlier) throw keyBusy();
  return earlier;
}

/** The job that an idempotency key has made. Errors: IDEMPOTENCY_KEY_REUSED. */
export async function findRepeated(
  database: Database,
  tenantId: string,
  idempotency: IdempotencyKey,
): Promise<Job | undefined> {
  const [row] = await database.query<JobRow & { fingerprint: string }>(
    "SELECT job.*, fingerprint FROM idempotency_key k JOIN job ON job.id = k.job_id WHERE k.tenant_id = $1 AND k.key = $2",
    [tenantId, idempotency.key],
  );
  if (!row) return undefined;
  checkRepeated(row.fingerprint, idempotency);
  return toJob(row);
}

async function checkRoom(
  tx: Database,
  place: { lane: Lane; tenantId: string; count: number; limits: TenantLimits; maxQueued: number },
): Promise<void> {
  const { lane, tenantId, count, limits, maxQueued } = place;
  const [waiting = { all: 0, own: 0 }] = await tx.query<{ all: number; own: number }>(
    `SELECT (SELECT count(*) FROM (SELECT 1 FROM job WHERE lane = $1 AND status = 'queued' LIMIT $3) AS waiting) AS all,
       (SELECT count(*) FROM (SELECT 1 FROM job WHERE lane = $1 AND status = 'queued' AND tenant_id = $2 LIMIT $4) AS waiting) AS own`,
    [lane, tenantId, maxQueued + 1, limits.backlog + 1],
  );
  if (count + waiting.all > maxQueued) {
    const text = `${maxQueued} edits may wait in the lane "${lane}", and no more do. Try again when some have ended.`;
    throw new MoodError("RESOURCE_EXHAUSTED", "QUEUE_FULL", text, { details: { maxQueued, retryAfterSeconds: 5 } });
  }
  if (count + waiting.own > limits.backlog) {
    const text = `${limits.backlog} edits of a tenant may wait in the lane "${lane}", and no more do. Try again when some have ended.`;
    const details = { maxQueued: limits.backlog, retryAfterSeconds: 5 };
    throw new MoodError("RESOURCE_EXHAUSTED", "TENANT_BACKLOG_FULL", text, { details });
  }
}

function insertRows(
  tx: Database,
  {
    jobs,
    ids,
    work,
    lane,
    finishWithinMs,
  }: {
    jobs: readonly NewJob[];
    ids: readonly string[];
    work: readonly number[];
    lane: Lane;
    finishWithinMs: number;
  },
): Promise<JobRow[]> {
  const rows = jobs.map((job, index) => ({
    id: ids[index],
    tenant_id: job.tenantId,
    priority: job.priority ?? 0,
    start_ms: job.startWithinMs ?? null,
    finish_ms: Math.min(job.finishWithinMs ?? finishWithinMs, finishWithinMs),
    megapixel_steps: work[index],
    input: JSON.parse(inputToJson(job.input)) as object,
    warnings: job.warnings ?? [],
    batch_id: job.batchId ?? null,
    row_index: job.rowIndex ?? null,
    external_id: job.externalId ?? null,
    traceparent: job.traceparent ?? null,
  }));
  return tx.query<JobRow>(
    `WITH made AS (
       INSERT INTO job (id, tenant_id, lane, priority, status, stage, sequence, created_at, start_by, finish_by, megapixel_steps, input, record,
         batch_id, row_index, external_id, traceparent)
       SELECT id, tenant_id, $2::text, priority, 'queued', 'queued', 1, statement_timestamp(),
         statement_timestamp() + start_ms * interval '1 millisecond', statement_timestamp() + finish_ms * interval '1 millisecond', megapixel_steps, input,
         jsonb_build_object('progress', '{"step":0,"steps":0,"percentage":0}'::jsonb, 'timings', '{}'::jsonb, 'warnings', warnings),
         batch_id, row_index, external_id, traceparent
       FROM jsonb_to_recordset($1::jsonb) AS given (id uuid, tenant_id text, priority smallint, start_ms float8, finish_ms float8, megapixel_steps real,
         input jsonb, warnings jsonb, batch_id uuid, row_index int, external_id text, traceparent text)
       RETURNING *),
     event AS (
       INSERT INTO job_event (job_id, tenant_id, sequence, status, stage, progress)
       SELECT id, tenant_id, 1, status, stage, record->'progress' FROM made)
     SELECT made.*, pg_notify('${eventChannel}', id::text) AS told, pg_notify('${readyChannel}', $2::text) AS called FROM made`,
    [JSON.stringify(rows), lane],
  );
}

/** Megapixels times steps. */
export function workOf({ width, height, settings }: StoredInput): number {
  return ((width * height) / 1e6) * (settings.steps ?? usualSteps);
}
