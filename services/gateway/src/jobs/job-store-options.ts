import type { Logger } from "@moodifier/service-kit";
import type { LimitsOf } from "./fair-share.ts";
import type { Job, Lane } from "./job.ts";

/** How a store treats its jobs. */
export interface JobStoreOptions {
  /** Most jobs that wait in each lane. */
  readonly maxQueued: Readonly<Record<Lane, number>>;
  /** Longest time from creation to end of a job that doesn't ask for less, in milliseconds. */
  readonly finishWithinMs: Readonly<Record<Lane, number>>;
  /** How long a finished job stays readable, in milliseconds. */
  readonly retentionMs: number;
  /** Seconds without a heartbeat after which a worker counts as dead, at least 10. */
  readonly leaseSeconds: number;
  /** Times that a job's worker may die before the job is given up. */
  readonly maxLosses: number;
  /** What each tenant may use. */
  readonly limitsOf: LimitsOf;
  readonly logger?: Logger;
  /** Told once of each job that this process ends, by whatever way: its work is done, somebody cancels it, it is overdue or given up. */
  readonly onEnd?: (job: Job) => void;
}
