import { randomUUID } from "node:crypto";
import { activeTrace, MoodError, traceparentOf } from "@moodifier/service-kit";
import { isDuplicate } from "../database/database-error.ts";
import type { Database } from "../database/database.ts";
import { checkRepeated, type IdempotencyKey, keyBusy } from "../http/idempotency-key.ts";
import { isAfterPosition, type ListPage, pageOf, positionParams } from "../http/list-cursor.ts";
import type { Problem } from "../http/problem.ts";
import { isUuid } from "../http/uuid.ts";
import type { Batch, BatchRow, RowStatus, Survey } from "./batch.ts";
import type { BatchOptions } from "./batch-options.ts";
import type { LaneReading } from "../telemetry/gateway-metrics.ts";
import { type BatchRecord, type RowRecord, selectBatch, toBatch, toRow } from "./batch-records.ts";
import type { RowPlan } from "./row-plan.ts";
import type { RowShare } from "./shards/row-share.ts";

/** Name of the notices that a batch has changed; the payload is its id. */
export const batchChannel = "moodifier_batch";

/** Names of the notices that rows wait, and that rows in hand were cancelled. */
const readyChannel = "moodifier_batch_ready";
const stopChannel = "moodifier_batch_stop";

/** Rows in one INSERT. */
const insertRows = 500;

/** A batch that is to be stored, its rows checked. */
export interface NewBatch {
  readonly tenantId: string;
  readonly options: BatchOptions;
  readonly columns: readonly string[];
  readonly survey: Survey;
  readonly rows: readonly RowPlan[];
  /** Makes a repeated request find the first one's batch. */
  readonly idempotency?: IdempotencyKey;
}

/** What running a batch elsewhere takes. */
export interface RunningBatch {
  readonly id: string;
  /** Its rows. */
  readonly total: number;
  /** Trace context of the request that submitted it. */
  readonly traceparent: string | null;
}

/** Batches and rows as their owner sees and commands them. Every call names the tenant. */
export class BatchStore {
  readonly #database: Database;
  readonly #retentionMs: number;

  /** `retentionMs`: how long a batch stays after its end. */
  constructor(database: Database, retentionMs: number) {
    this.#database = database;
    this.#retentionMs = retentionMs;
  }

  /** Stores a batch with all its rows or not at all. The same idempotency key gives the first batch again. Errors: IDEMPOTENCY_KEY_REUSED. */
  async create(batch: NewBatch): Promise<{ batch: Batch; replayed: boolean }> {
    const id = randomUUID();
    try {
      await this.#database.transaction(async (tx) => {
        await insertBatch(tx, id, batch);
        await settleBatch(tx, id, this.#retentionMs);
      });
    } catch (error) {
      if (!batch.idempotency || !isDuplicate(error)) throw error;
      const earlier = await this.findRepeated(batch.tenantId, batch.idempotency);
      if (!earlier) throw keyBusy();
      return { batch: earlier, replayed: true };
    }
    await this.#notify(readyChannel, id);
    return { batch: await this.require(batch.tenantId, id), replayed: false };
  }

  /** The batch that an idempotency key has made. Errors: IDEMPOTENCY_KEY_REUSED. */
  async findRepeated(tenantId: string, idempotency: IdempotencyKey): Promise<Batch | undefined> {
    const [record] = await this.#database.query<BatchRecord>(
      `${selectBatch} WHERE tenant_id = $1 AND idempotency_key = $2`,
      [tenantId, idempotency.key],
    );
    if (!record) return undefined;
    checkRepeated(record.fingerprint, idempotency);
    return toBatch(record);
  }

  /** Errors: BATCH_NOT_FOUND, which other tenants' batches get too. */
  async require(tenantId: string, id: string): Promise<Batch> {
    const [record] = isUuid(id)
      ? await this.#database.query<BatchRecord>(`${selectBatch} WHERE id = $1 AND tenant_id = $2`, [id, tenantId])
      : [];
    if (record) return toBatch(record);
    throw new MoodError("NOT_FOUND", "BATCH_NOT_FOUND", `No batch has the id "${id.slice(0, 64)}".`);
  }

  /** Newest first. Errors: CURSOR_INVALID. */
  async list(tenantId: string, { limit, cursor }: { limit: number; cursor?: string }): Promise<ListPage<Batch>> {
    const records = await this.#database.query<BatchRecord>(
      `${selectBatch} WHERE tenant_id = $1 AND ${isAfterPosition(2)} ORDER BY created_at DESC, id DESC LIMIT $4`,
      [tenantId, ...positionParams(cursor), limit + 1],
    );
    return pageOf(records, limit, toBatch);
  }

  /** In the manifest's order. */
  async rows(
    batch: Batch,
    page: { limit: number; after?: number; statuses?: readonly RowStatus[] },
  ): Promise<ListPage<BatchRow>> {
    const records = await this.#database.query<RowRecord>(
      `SELECT * FROM batch_row WHERE batch_id = $1 AND row_index > $2 AND ($3::text[] IS NULL OR status = ANY ($3)) ORDER BY row_index LIMIT $4`,
      [batch.id, page.after ?? -1, page.statuses ?? null, page.limit + 1],
    );
    const items = records.slice(0, page.limit).map(toRow);
    return { items, ...(records.length > page.limit && { next: String(items.at(-1)?.index) }) };
  }

  /** One row. Errors: ROW_NOT_FOUND. */
  async row(batch: Batch, index: number): Promise<BatchRow> {
    const [record] = await this.#database.query<RowRecord>(
      "SELECT * FROM batch_row WHERE batch_id = $1 AND row_index = $2",
      [batch.id, index],
    );
    if (record) return toRow(record);
    throw new MoodError(
      "NOT_FOUND",
      "ROW_NOT_FOUND",
      `The batch has ${batch.total} rows, none with the index ${index}.`,
    );
  }

  /** The rows that ended by themselves after number `sequence`, in that order. */
  async ended(batch: Batch, sequence: number, limit: number): Promise<BatchRow[]> {
    const records = await this.#database.query<RowRecord>(
      "SELECT * FROM batch_row WHERE batch_id = $1 AND sequence > $2 AND status <> 'cancelled' ORDER BY sequence LIMIT $3",
      [batch.id, sequence, limit],
    );
    return records.map(toRow);
  }

  /** Ends all rows that haven't ended; returns the jobs that still run for them. Idempotent. */
  async cancel(tenantId: string, id: string): Promise<{ batch: Batch; jobs: string[] }> {
    await this.require(tenantId, id);
    const jobs = await this.#database.transaction(async (tx) => {
      const [{ sequence } = { sequence: 0 }] = await tx.query<{ sequence: number }>(
        "UPDATE batch SET sequence = sequence + 1 WHERE id = $1 AND status = 'running' RETURNING sequence",
        [id],
      );
      const rows = await tx.query<{ job_id: string | null }>(
        `WITH open AS (
           SELECT row_index FROM batch_row WHERE batch_id = $1 AND status IN ('pending', 'running') ORDER BY row_index FOR UPDATE)
         UPDATE batch_row AS row SET status = 'cancelled', sequence = $2, lease = NULL, finished_at = now()
         FROM open WHERE row.batch_id = $1 AND row.row_index = open.row_index RETURNING row.job_id`,
        [id, sequence],
      );
      await settleBatch(tx, id, this.#retentionMs);
      return rows.flatMap(({ job_id }) => (job_id === null ? [] : [job_id]));
    });
    await this.#notify(stopChannel, id);
    await this.#notify(batchChannel, id);
    return { batch: await this.require(tenantId, id), jobs };
  }

  /** Lets ended rows of the given statuses run again, as new edits. Rows that can never run stay failed. */
  async retry(tenantId: string, id: string, statuses: readonly RowStatus[]): Promise<Batch> {
    await this.require(tenantId, id);
    await this.#database.transaction(async (tx) => {
      await tx.query(
        `UPDATE batch_row SET status = 'pending', sequence = NULL, generation = generation + 1, attempt = 0, failures = 0, lease = NULL, retry_at = NULL, job_id = NULL,
           outcome = NULL, problem = NULL, object_keys = '{}', started_at = NULL, finished_at = NULL
         WHERE batch_id = $1 AND status = ANY ($2) AND NOT plan ? 'problem'`,
        [id, statuses],
      );
      await tx.query(
        `UPDATE batch SET status = 'running', finished_at = NULL, expires_at = NULL WHERE id = $1
         AND EXISTS (SELECT 1 FROM batch_row WHERE batch_id = $1 AND status IN ('pending', 'running'))`,
        [id],
      );
    });
    await this.#notify(readyChannel, id);
    return this.require(tenantId, id);
  }

  /** The batches that run, of all tenants, or the one with this id. */
  running(id?: string): Promise<RunningBatch[]> {
    return this.#database.query<RunningBatch>(
      "SELECT id, total, traceparent FROM batch WHERE status = 'running' AND ($1::uuid IS NULL OR id = $1) ORDER BY created_at, id",
      [id ?? null],
    );
  }

  /** The rows of running batches that wait and that run, counted up to 100,000 of them. */
  async depth(): Promise<LaneReading> {
    const [{ queued, running, age } = { queued: 0, running: 0, age: 0 }] = await this.#database.query<{
      queued: number;
      running: number;
      age: number;
    }>(
      `SELECT count(*) FILTER (WHERE status = 'pending')::int AS queued, count(*) FILTER (WHERE status = 'running')::int AS running,
         COALESCE(extract(epoch FROM now() - min(created_at) FILTER (WHERE status = 'pending')), 0)::float8 AS age
       FROM (SELECT row.status, batch.created_at FROM batch_row AS row JOIN batch ON batch.id = row.batch_id
         WHERE batch.status = 'running' AND row.status IN ('pending', 'running') LIMIT 100000) AS open`,
    );
    return { lane: "rows", queued, running, oldestAgeSeconds: Math.max(0, age) };
  }

  /** How many rows of a share have not ended. */
  async openRows({ batchId, from, to }: RowShare): Promise<number> {
    const [{ open } = { open: 0 }] = await this.#database.query<{ open: number }>(
      `SELECT count(*)::int AS open FROM batch_row
       WHERE batch_id = $1 AND row_index >= $2 AND row_index < $3 AND status IN ('pending', 'running')`,
      [batchId, from, to],
    );
    return open;
  }

  /** Fails the rows of a share that have not ended; returns the jobs that still run for them. Idempotent. */
  async giveUp({ batchId, from, to }: RowShare, problem: Problem): Promise<string[]> {
    const jobs = await this.#database.transaction(async (tx) => {
      // The lock on the batch puts the ends of its rows into one order.
      const [batch] = await tx.query<{ sequence: number }>(
        "SELECT sequence FROM batch WHERE id = $1 AND status = 'running' FOR UPDATE",
        [batchId],
      );
      if (!batch) return [];
      const rows = await tx.query<{ job_id: string | null }>(
        `WITH open AS (
           SELECT row_index FROM batch_row WHERE batch_id = $1 AND row_index >= $2 AND row_index < $3 AND status IN ('pending', 'running')
           ORDER BY row_index FOR UPDATE),
         numbered AS (SELECT row_index, row_number() OVER (ORDER BY row_index) AS number FROM open)
         UPDATE batch_row AS row SET status = 'failed', problem = $4::jsonb, sequence = $5 + number, lease = NULL, finished_at = now()
         FROM numbered WHERE row.batch_id = $1 AND row.row_index = numbered.row_index RETURNING row.job_id`,
        [batchId, from, to, JSON.stringify(problem), batch.sequence],
      );
      await tx.query("UPDATE batch SET sequence = sequence + $2 WHERE id = $1", [batchId, rows.length]);
      await settleBatch(tx, batchId, this.#retentionMs);
      return rows.flatMap(({ job_id }) => (job_id === null ? [] : [job_id]));
    });
    await this.#notify(stopChannel, batchId);
    await this.#notify(batchChannel, batchId);
    return jobs;
  }

  /** Forgets batches and uploads whose time has passed, but no upload that a row is yet to read; returns how many batches. */
  async sweep(): Promise<number> {
    await this.#database.query(
      `DELETE FROM upload WHERE expires_at < now() AND 'upload:' || id NOT IN (
         SELECT reference FROM batch_row, unnest(ARRAY[plan ->> 'image', plan ->> 'mask']) AS reference
         WHERE status IN ('pending', 'running') AND reference IS NOT NULL)`,
    );
    return (await this.#database.query("DELETE FROM batch WHERE expires_at < now() RETURNING id")).length;
  }

  /** Calls `onChange` with a batch's id when rows of it have ended, or "" when any may have. */
  listen(onChange: (id: string) => void): Promise<() => Promise<void>> {
    return this.#database.listen(batchChannel, onChange);
  }

  /** Calls `onReady` when rows wait to be run, and `onStop` when rows in hand may have been cancelled. */
  async attend(onReady: () => void, onStop: () => void): Promise<() => Promise<void>> {
    const ready = await this.#database.listen(readyChannel, onReady);
    const stop = await this.#database.listen(stopChannel, onStop);
    return async () => {
      await ready();
      await stop();
    };
  }

  async #notify(channel: string, id: string): Promise<void> {
    await this.#database.query("SELECT pg_notify($1, $2)", [channel, id]);
  }
}

async function insertBatch(tx: Database, id: string, batch: NewBatch): Promise<void> {
  const { tenantId, options, columns, survey, rows, idempotency } = batch;
  await tx.query(
    `INSERT INTO batch (id, tenant_id, status, options, columns, survey, total, idempotency_key, fingerprint, traceparent)
     VALUES ($1, $2, 'running', $3::jsonb, $4::jsonb, $5::jsonb, $6, $7, $8, $9)`,
    [
      id,
      tenantId,
      JSON.stringify(options),
      JSON.stringify(columns),
      JSON.stringify(survey),
      rows.length,
      idempotency?.key ?? null,
      idempotency?.fingerprint ?? null,
      traceparentOf(activeTrace()) ?? null,
    ],
  );
  for (let at = 0; at < rows.length; at += insertRows) {
    const some = rows.slice(at, at + insertRows);
    await tx.query(
      `INSERT INTO batch_row (batch_id, tenant_id, row_index, external_id, plan, status, problem, finished_at)
       SELECT $1, $2, row_index, external_id, plan::jsonb, CASE WHEN problem IS NULL THEN 'pending' ELSE 'failed' END, problem::jsonb,
         CASE WHEN problem IS NULL THEN NULL ELSE now() END
       FROM unnest($3::int[], $4::text[], $5::text[], $6::text[]) AS new (row_index, external_id, plan, problem)`,
      [
        id,
        tenantId,
        some.map(({ index }) => index),
        some.map(({ externalId }) => externalId),
        some.map((row) => JSON.stringify(row)),
        some.map(({ problem }) => (problem ? JSON.stringify(problem satisfies Problem) : null)),
      ],
    );
  }
}

/** Gives the batch its final status when no row waits or runs. */
export async function settleBatch(tx: Database, id: string, retentionMs: number): Promise<void> {
  await tx.query(
    `UPDATE batch SET finished_at = now(), expires_at = now() + $2 * interval '1 ms', status = CASE
         WHEN counted.cancelled > 0 THEN 'cancelled'
         WHEN counted.failed = 0 THEN 'succeeded'
         WHEN counted.succeeded = 0 THEN 'failed'
         ELSE 'partially_succeeded' END
     FROM (SELECT count(*) FILTER (WHERE status = 'cancelled') AS cancelled,
         count(*) FILTER (WHERE status = 'failed') AS failed, count(*) FILTER (WHERE status = 'succeeded') AS succeeded
       FROM batch_row WHERE batch_id = $1) AS counted
     WHERE id = $1 AND status = 'running'
       AND NOT EXISTS (SELECT 1 FROM batch_row WHERE batch_id = $1 AND status IN ('pending', 'running'))`,
    [id, retentionMs],
  );
}
