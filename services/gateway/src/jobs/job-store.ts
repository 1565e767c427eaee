import type { EncodedImage, Job, JobChange, JobEvent, JobInput } from "./job.ts";

/** A job that a runner works on, with the pictures it needs. */
export interface TakenJob {
  readonly job: Job;
  readonly input: JobInput;
}

/**
 * Where jobs live. Adapters keep these promises:
 * - `change` never alters a job in a final state, so a late worker can't overwrite a cancelled or expired job;
 * - every successful `create`, `take` and `change` appends exactly one event, numbered without gaps from 1;
 * - a finished job is kept for the adapter's retention time and is unknown afterwards.
 */
export interface JobStore {
  /** Adds a queued job. Throws RESOURCE_EXHAUSTED (QUEUE_FULL) when the backlog is full. */
  create(input: JobInput): Promise<Job>;

  /** Moves the oldest queued job to `planning` and returns it; undefined when none waits. No two callers get the same job. */
  take(): Promise<TakenJob | undefined>;

  /** The job, or undefined when it is unknown or its retention time has passed. */
  get(id: string): Promise<Job | undefined>;

  /** Applies a change and returns the job; returns undefined, and changes nothing, when the job is unknown or final. */
  change(id: string, change: JobChange): Promise<Job | undefined>;

  /** The edited picture of a succeeded job. */
  result(id: string): Promise<EncodedImage | undefined>;

  /** The events after number `after`, oldest first, then each new one as it happens. Ends after the final event or when `signal` aborts. */
  watch(id: string, after: number, signal: AbortSignal): AsyncIterable<JobEvent>;

  /** Nothing will be taken any more. Queued jobs that can't outlive this process end as failed (SHUTTING_DOWN). */
  close(): Promise<void>;
}
