import { type Position, selectPosition } from "../http/list-cursor.ts";
import type { Problem } from "../http/problem.ts";
import type { Batch, BatchRow, BatchStatus, RowOutcome, RowStatus, Survey } from "./batch.ts";
import type { BatchOptions } from "./batch-options.ts";
import type { RowPlan } from "./row-plan.ts";

/** A row of the table `batch` with its place in lists and its rows counted by status. */
export interface BatchRecord extends Position {
  readonly tenant_id: string;
  readonly status: BatchStatus;
  readonly options: BatchOptions;
  readonly columns: readonly string[];
  readonly survey: Survey;
  readonly total: number;
  readonly sequence: number;
  readonly counts: Readonly<Partial<Record<RowStatus, number>>> | null;
  readonly fingerprint: string | null;
  readonly created_at: Date;
  readonly finished_at: Date | null;
  readonly expires_at: Date | null;
}

/** A row of the table `batch_row`. */
export interface RowRecord {
  readonly batch_id: string;
  readonly row_index: number;
  readonly tenant_id: string;
  readonly status: RowStatus;
  readonly sequence: number | null;
  readonly generation: number;
  readonly attempt: number;
  readonly failures: number;
  readonly lease: string | null;
  readonly plan: RowPlan;
  readonly job_id: string | null;
  readonly outcome: RowOutcome | null;
  readonly problem: Problem | null;
  readonly started_at: Date | null;
  readonly finished_at: Date | null;
}

/** Selects batches with their counts; put a WHERE after it. */
export const selectBatch = `SELECT batch.*, ${selectPosition}, (
    SELECT jsonb_object_agg(status, count) FROM (SELECT status, count(*) FROM batch_row WHERE batch_id = batch.id GROUP BY status) AS counted
  ) AS counts FROM batch`;

export function toBatch(record: BatchRecord): Batch {
  const { id, status, options, columns, survey, total, sequence } = record;
  const none = { pending: 0, running: 0, succeeded: 0, failed: 0, cancelled: 0 };
  return {
    id,
    tenantId: record.tenant_id,
    status,
    options,
    columns,
    survey,
    total,
    sequence,
    counts: { ...none, ...record.counts },
    createdAt: record.created_at.getTime(),
    ...(record.finished_at && { finishedAt: record.finished_at.getTime() }),
    ...(record.expires_at && { expiresAt: record.expires_at.getTime() }),
  };
}

export function toRow(record: RowRecord): BatchRow {
  return {
    batchId: record.batch_id,
    index: record.row_index,
    status: record.status,
    ...(record.sequence !== null && { sequence: record.sequence }),
    attempt: record.attempt,
    failures: record.failures,
    plan: record.plan,
    ...(record.job_id !== null && { jobId: record.job_id }),
    ...(record.outcome && { outcome: record.outcome }),
    ...(record.problem && { problem: record.problem }),
    ...(record.started_at && { startedAt: record.started_at.getTime() }),
    ...(record.finished_at && { finishedAt: record.finished_at.getTime() }),
  };
}
