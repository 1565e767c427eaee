import type { Database } from "../database/database.ts";
import type { Problem } from "../http/problem.ts";
import type { RowClaim, RowOutcome } from "./batch.ts";
import type { BatchOptions } from "./batch-options.ts";
import { type RowRecord, toRow } from "./batch-records.ts";
import { batchChannel, settleBatch } from "./batch-store.ts";
import { claimRowsSql } from "./row-turns.ts";
import type { RowShare } from "./shards/row-share.ts";

export interface RowQueueOptions {
  /** Milliseconds after which a row whose holder is silent is given to another. */
  readonly leaseMs: number;
  /** How long a batch stays after its end, in milliseconds. */
  readonly retentionMs: number;
  /** The only rows that are taken; those of all batches unless told. */
  readonly share?: RowShare | undefined;
  /** Rows that a tenant may hold in all processes together: the usual number, and that of tenants with another. Without limit unless told. */
  readonly mostHeld?: { readonly usual: number; readonly of: Readonly<Record<string, number>> };
}

const unlimited = 2 ** 31 - 1;

/** How a row ended. */
export type RowEnd =
  | { readonly status: "succeeded"; readonly outcome: RowOutcome }
  | { readonly status: "failed"; readonly problem: Problem };

/** The rows that are to be run, for any number of runners. What a runner writes counts only while it holds the row's newest lease. */
export class RowQueue {
  readonly #database: Database;
  readonly #options: RowQueueOptions;

  constructor(database: Database, options: RowQueueOptions) {
    this.#database = database;
    this.#options = options;
  }

  /** Leases up to `limit` rows: of all tenants in turn, whatever anybody's priority, and of a tenant's batches in turn, its urgent ones first. Rows whose lease ran out are among them. */
  async claim(limit: number): Promise<RowClaim[]> {
    const { leaseMs, share, mostHeld = { usual: unlimited, of: {} } } = this.#options;
    const records = await this.#database.query<
      RowRecord & { lease: string; options: BatchOptions; traceparent: string | null }
    >(claimRowsSql, [
      limit,
      leaseMs,
      share?.batchId ?? null,
      share?.from ?? 0,
      share?.to ?? 0,
      mostHeld.usual,
      JSON.stringify(mostHeld.of),
    ]);
    return records.map((record) => ({
      row: toRow(record),
      tenantId: record.tenant_id,
      options: record.options,
      generation: record.generation,
      lease: record.lease,
      ...(record.traceparent !== null && { traceparent: record.traceparent }),
    }));
  }

  /** Gives back what an earlier process held of an embedded database, which belongs to one process alone: nobody need wait for its leases to run out. */
  async recover(): Promise<void> {
    if (this.#database.kind !== "pglite") return;
    await this.#database.query("UPDATE batch_row SET status = 'pending', lease = NULL WHERE status = 'running'");
  }

  /** Extends the leases; returns those that are lost: to a cancel, or to another runner. */
  async renew(claims: readonly RowClaim[]): Promise<RowClaim[]> {
    const kept = await this.#database.query<{ lease: string }>(
      // Everybody locks rows in one order, so that nobody waits for each other in a circle.
      `WITH held AS (
         SELECT batch_id, row_index FROM batch_row WHERE lease = ANY ($1::uuid[]) AND status = 'running' ORDER BY batch_id, row_index FOR UPDATE)
       UPDATE batch_row AS row SET lease_until = now() + $2 * interval '1 ms'
       FROM held WHERE row.batch_id = held.batch_id AND row.row_index = held.row_index RETURNING row.lease`,
      [claims.map(({ lease }) => lease), this.#options.leaseMs],
    );
    const leases = new Set(kept.map(({ lease }) => lease));
    return claims.filter(({ lease }) => !leases.has(lease));
  }

  /** Notes the row's edit, so that whoever runs the row next doesn't edit again. Tells when the row is no longer ours, and whether anybody else wants the edit. */
  async setJob(claim: RowClaim, jobId: string): Promise<"held" | "taken" | "cancelled"> {
    const { batchId, index } = claim.row;
    const rows = await this.#database.query(`UPDATE batch_row SET job_id = $2 WHERE ${held(3)} RETURNING row_index`, [
      batchId,
      jobId,
      index,
      claim.lease,
    ]);
    if (rows.length === 1) return "held";
    const [row] = await this.#database.query<{ status: string; generation: number }>(
      "SELECT status, generation FROM batch_row WHERE batch_id = $1 AND row_index = $2",
      [batchId, index],
    );
    return row && row.status !== "cancelled" && row.generation === claim.generation ? "taken" : "cancelled";
  }

  /** Gives the row back, to be claimed again in `delayMs`. `counts` says whether this was a failure. */
  async release(claim: RowClaim, { delayMs, counts }: { delayMs: number; counts: boolean }): Promise<void> {
    await this.#database.query(
      `UPDATE batch_row SET status = 'pending', lease = NULL, retry_at = now() + $2 * interval '1 ms', failures = failures + $5 WHERE ${held(3)}`,
      [claim.row.batchId, delayMs, claim.row.index, claim.lease, counts ? 1 : 0],
    );
  }

  /** Ends the row and, with its last row, the batch. False, and no change, when the lease is lost. */
  async end(claim: RowClaim, end: RowEnd): Promise<boolean> {
    const { batchId, index } = claim.row;
    const outcome = end.status === "succeeded" ? end.outcome : undefined;
    const keys = outcome?.files.flatMap(({ key }) => (key === undefined ? [] : [key])) ?? [];
    return this.#database.transaction(async (tx) => {
      // The lock on the batch puts the ends of its rows into one order.
      const [{ sequence } = { sequence: 0 }] = await tx.query<{ sequence: number }>(
        "SELECT sequence + 1 AS sequence FROM batch WHERE id = $1 FOR UPDATE",
        [batchId],
      );
      const rows = await tx.query(
        `WITH ended AS (
           UPDATE batch_row SET status = $2, outcome = $5::jsonb, problem = $6::jsonb, object_keys = $7, sequence = $8, lease = NULL, finished_at = now()
           WHERE ${held(3)} RETURNING batch_id),
         numbered AS (UPDATE batch SET sequence = $8 FROM ended WHERE id = ended.batch_id)
         SELECT pg_notify('${batchChannel}', batch_id::text) FROM ended`,
        [
          batchId,
          end.status,
          index,
          claim.lease,
          outcome ? JSON.stringify(outcome) : null,
          end.status === "failed" ? JSON.stringify(end.problem) : null,
          keys,
          sequence,
        ],
      );
      if (rows.length === 0) return false;
      await settleBatch(tx, batchId, this.#options.retentionMs);
      return true;
    });
  }
}

/** The condition that a claim still holds its row: batch $1, row and lease in the two parameters from `from`. */
function held(from: number): string {
  return `batch_id = $1 AND row_index = $${from} AND lease = $${from + 1} AND status = 'running'`;
}
