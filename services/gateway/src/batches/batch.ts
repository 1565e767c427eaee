import type { Problem } from "../http/problem.ts";
import type { OutsideMaskView, RecipeView, ScoresView, WarningView } from "../jobs/job-parts.ts";
import type { BatchOptions } from "./batch-options.ts";
import type { RowPlan } from "./row-plan.ts";

/** States of a batch; all but the first are final until somebody retries. */
export const batchStatuses = ["running", "succeeded", "partially_succeeded", "failed", "cancelled"] as const;
export type BatchStatus = (typeof batchStatuses)[number];

/** States of a row; the last three are final until somebody retries. */
export const rowStatuses = ["pending", "running", "succeeded", "failed", "cancelled"] as const;
export type RowStatus = (typeof rowStatuses)[number];

/** What the check before the run found. */
export interface Survey {
  /** Rows of the manifest. */
  readonly rows: number;
  /** Rows that can't run. */
  readonly faulty: number;
  /** The first of them. */
  readonly faults: readonly { readonly line: number; readonly reason: string; readonly detail: string }[];
  /** Columns that no field is read from. */
  readonly ignoredColumns: readonly string[];
}

/** A batch as it is stored. Times are milliseconds since the epoch. */
export interface Batch {
  readonly id: string;
  readonly tenantId: string;
  readonly status: BatchStatus;
  readonly options: BatchOptions;
  readonly columns: readonly string[];
  readonly survey: Survey;
  readonly total: number;
  readonly sequence: number;
  readonly counts: Readonly<Record<RowStatus, number>>;
  readonly createdAt: number;
  readonly finishedAt?: number;
  readonly expiresAt?: number;
}

/** A file that a row made. */
export interface RowFile {
  readonly name: string;
  /** Where it was written; unset for a file in the gateway's storage. */
  readonly url?: string;
  /** Key in the storage; unset for a file that was written elsewhere. */
  readonly key?: string;
  readonly sha256: string;
  readonly bytes: number;
  readonly mediaType: string;
  readonly width: number;
  readonly height: number;
  readonly quality?: number;
}

/** What a row came to. */
export interface RowOutcome {
  readonly files: readonly RowFile[];
  /** Decimal digits. */
  readonly seed: string;
  readonly outsideMask?: OutsideMaskView;
  readonly recipe?: RecipeView;
  readonly scores?: ScoresView;
  readonly warnings: readonly WarningView[];
}

/** A row as it is stored. */
export interface BatchRow {
  readonly batchId: string;
  readonly index: number;
  readonly status: RowStatus;
  readonly sequence?: number;
  /** Number of the newest attempt, from 1; 0 while none has begun. */
  readonly attempt: number;
  /** Attempts that failed and were repeated. */
  readonly failures: number;
  readonly plan: RowPlan;
  readonly jobId?: string;
  readonly outcome?: RowOutcome;
  readonly problem?: Problem;
  readonly startedAt?: number;
  readonly finishedAt?: number;
}

/** The right to run a row until its lease ends. */
export interface RowClaim {
  readonly row: BatchRow;
  readonly tenantId: string;
  readonly options: BatchOptions;
  readonly generation: number;
  /** Trace context of the request that submitted the batch. */
  readonly traceparent?: string;
  /** The fencing token: nothing is written under an older one. */
  readonly lease: string;
}
