import type { Database } from "../database/database.ts";
import type { IdempotencyKey } from "../http/idempotency-key.ts";
import type { FinalState, Job, JobChange, JobEvent, JobStatus, Lane, NewJob } from "./job.ts";

/** The outcome of a submit. */
export interface Submitted {
  readonly job: Job;
  /** True when an earlier submit with the same idempotency key had made the job. */
  readonly replayed: boolean;
}

/** The right to work on a job until its lease ends. */
export interface Claim {
  readonly job: Job;
  /** The fencing token: nothing that carries an older one is written. */
  readonly attempt: number;
}

/** What a worker wants. */
export interface Demand {
  /** Its name. */
  readonly worker: string;
  /** Free slots. */
  readonly slots: number;
  /** How many of them may go to the lane `batch`; the rest are reserved for people who wait. */
  readonly batchSlots: number;
}

/** Which jobs to list. */
export interface JobFilter {
  readonly tenantId: string;
  readonly status?: readonly JobStatus[];
  readonly batchId?: string;
  readonly externalId?: string;
  /** Milliseconds since the epoch, inclusive and exclusive. */
  readonly createdFrom?: number;
  readonly createdBefore?: number;
  /** 1..200. */
  readonly limit: number;
  /** `next` of the page before. */
  readonly cursor?: string;
}

export interface JobPage {
  /** Newest first. */
  readonly jobs: readonly Job[];
  /** Opaque; unset on the last page. */
  readonly next?: string;
}

/** How much waits in a lane. */
export interface LaneDepth {
  readonly lane: Lane;
  readonly queued: number;
  readonly running: number;
  /** Age of the oldest waiting job in seconds; 0 when none waits. */
  readonly oldestAgeSeconds: number;
  /** Megapixels times steps of all waiting jobs. */
  readonly megapixelSteps: number;
}

/**
 * Where jobs live: record, events and queue in one database, each change of them in one transaction. Promises:
 * - a job in a final state never changes;
 * - what an attempt writes counts only while it is the newest: a worker whose lease was lost can write nothing;
 * - every change appends one event, numbered without gaps from 1;
 * - delivery is at least once: a job whose worker died is claimed again, until it was lost too often.
 */
export interface JobStore {
  /**
   * Stores and queues a job, in `tx` when given. Errors: RESOURCE_EXHAUSTED (QUEUE_FULL for the lane, TENANT_BACKLOG_FULL for the tenant), INVALID_ARGUMENT (IDEMPOTENCY_KEY_REUSED)
   * when the key came with another payload.
   */
  submit(job: NewJob, tx?: Database): Promise<Submitted>;

  /** The job that an idempotency key of the tenant has made. Errors: IDEMPOTENCY_KEY_REUSED. */
  findRepeated(tenantId: string, idempotency: IdempotencyKey): Promise<Job | undefined>;

  /** Stores and queues many jobs of one tenant and lane at once, without idempotency keys; all of them or none. */
  submitAll(jobs: readonly NewJob[], tx?: Database): Promise<Job[]>;

  /** Leases waiting jobs: by priority, then by the tenants' fair shares, within the tenants' limits. No two callers get the same job. */
  claim(demand: Demand): Promise<Claim[]>;

  /** Extends the leases; returns the claims that are lost. */
  renew(claims: readonly Claim[]): Promise<Claim[]>;

  /** Applies a change of the running attempt; undefined, and no change, when the job has ended or another attempt runs. A final status ends the job and its lease. */
  change(claim: Claim, change: JobChange): Promise<Job | undefined>;

  /** Puts the job back into the queue, to start no sooner than in `delayMs`. `counts` says whether the attempt counts as a failure. */
  requeue(claim: Claim, options: { delayMs: number; counts: boolean }): Promise<Job | undefined>;

  /** Ends a job from outside, as cancelled or expired, whoever works on it; undefined when it is unknown or has ended. */
  end(id: string, status: Exclude<FinalState, "succeeded">, problem?: Job["problem"]): Promise<Job | undefined>;

  /** Ends every waiting job, for a store that does not outlive the process. */
  endWaiting(problem: NonNullable<Job["problem"]>): Promise<void>;

  /** The job of a tenant. */
  get(tenantId: string, id: string): Promise<Job | undefined>;

  list(filter: JobFilter): Promise<JobPage>;

  /** The events after number `after`, oldest first, then each new one as it happens. Ends after the final event or when `signal` aborts. */
  watch(id: string, after: number, signal: AbortSignal): AsyncIterable<JobEvent>;

  /** Resolves when the job has ended or is unknown, or when `signal` aborts. */
  ended(id: string, signal: AbortSignal): Promise<void>;

  /** Calls `onReady` when a job may be claimed, and `onStop` with the id of a job that was ended from outside. */
  attend(onReady: () => void, onStop: (id: string) => void): Promise<() => Promise<void>>;

  /** Ends what is overdue and forgets what is old. Returns how many of each. */
  sweep(): Promise<{ expired: number; forgotten: number }>;

  depths(): Promise<LaneDepth[]>;

  close(): Promise<void>;
}
