import { type Logger, type Metrics, MoodError } from "@moodifier/service-kit";
import { toProblem } from "../http/problem.ts";
import { isFinal, type Job, type JobChange, type JobInput } from "./job.ts";
import type { JobStore, TakenJob } from "./job-store.ts";

/** Records a change of the running job; it has no effect once the job is final. */
export type Report = (change: JobChange) => Promise<void>;

/** How long work may go on. */
export interface Limits {
  /** Aborts when the job was cancelled or has expired. */
  readonly signal: AbortSignal;
  /** When the job expires, in milliseconds since the epoch. */
  readonly deadline: number;
}

/** Does the work of one job and resolves with its final change. Stops, by rejecting, soon after the signal aborts. */
export type Work = (input: JobInput, report: Report, limits: Limits) => Promise<JobChange>;

export interface JobRunnerOptions {
  /** Jobs that run at the same time. */
  readonly concurrency: number;
  /** Longest time from creation to end of a job, in milliseconds; a job that takes longer expires. */
  readonly timeoutMs: number;
}

/** Where a runner tells what it does. */
export interface Telemetry {
  readonly logger: Logger;
  readonly metrics: Metrics;
}

interface Running {
  readonly controller: AbortController;
  readonly done: Promise<void>;
}

/** Takes jobs from a store and runs them, a bounded number at a time. */
export class JobRunner {
  readonly #store: JobStore;
  readonly #work: Work;
  readonly #options: JobRunnerOptions;
  readonly #logger: Logger;
  readonly #metrics: Metrics;
  readonly #running = new Map<string, Running>();
  /** Slots that are claimed but whose job is not known yet. */
  #taking = 0;
  #wakeUps = 0;
  #stopping = false;

  constructor(store: JobStore, work: Work, options: JobRunnerOptions, telemetry: Telemetry) {
    this.#store = store;
    this.#work = work;
    this.#options = options;
    this.#logger = telemetry.logger;
    this.#metrics = telemetry.metrics;
  }

  /** Number of jobs that run now. */
  get active(): number {
    return this.#running.size;
  }

  /** Stores a job and starts it as soon as a slot is free. */
  async submit(input: JobInput): Promise<Job> {
    if (this.#stopping) throw new MoodError("UNAVAILABLE", "SHUTTING_DOWN", "The gateway is shutting down.");
    const job = await this.#store.create(input);
    this.#fill();
    return job;
  }

  /** Ends a job that has not ended. Does nothing, and returns the job, when it has; undefined when it is unknown. */
  async cancel(id: string): Promise<Job | undefined> {
    const cancelled = await this.#store.change(id, { status: "cancelled" });
    this.#running.get(id)?.controller.abort(new MoodError("CANCELLED", "JOB_CANCELLED", "The edit was cancelled."));
    return cancelled ?? (await this.#store.get(id));
  }

  /** Resolves when the job has ended or `signal` aborts, with the job as it is then. */
  async wait(id: string, signal: AbortSignal): Promise<Job | undefined> {
    let job = await this.#store.get(id);
    if (!job || isFinal(job.status)) return job;
    for await (const event of this.#store.watch(id, job.sequence, signal)) if (isFinal(event.status)) break;
    job = await this.#store.get(id);
    return job;
  }

  /** Takes no more jobs and lets the running ones end; aborts them after `drainMs`. */
  async stop(drainMs: number): Promise<void> {
    this.#stopping = true;
    const timer = setTimeout(() => {
      const reason = new MoodError("UNAVAILABLE", "SHUTTING_DOWN", "The gateway shut down before the edit ended.");
      for (const { controller } of this.#running.values()) controller.abort(reason);
    }, drainMs);
    await Promise.all([...this.#running.values()].map(({ done }) => done));
    clearTimeout(timer);
  }

  #fill(): void {
    this.#wakeUps += 1;
    if (this.#stopping || this.#running.size + this.#taking >= this.#options.concurrency) return;
    this.#taking += 1;
    void this.#takeOne();
  }

  async #takeOne(): Promise<void> {
    let taken: TakenJob | undefined;
    let seen: number;
    try {
      do {
        seen = this.#wakeUps;
        taken = await this.#store.take();
        // A job that was added while the store looked must not wait for the next submit.
      } while (!taken && seen !== this.#wakeUps);
    } catch (error) {
      this.#logger.error({ err: error }, "could not take a job");
    }
    this.#taking -= 1;
    if (!taken) return;
    const { id } = taken.job;
    const controller = new AbortController();
    const done = this.#run(taken, controller).finally(() => {
      this.#running.delete(id);
      this.#count();
      this.#fill();
    });
    this.#running.set(id, { controller, done });
    this.#count();
    this.#fill();
  }

  #count(): void {
    this.#metrics.queueRunning.set({ queue: "edits" }, this.#running.size);
  }

  async #run({ job, input }: TakenJob, controller: AbortController): Promise<void> {
    const { timeoutMs } = this.#options;
    const expired = new MoodError(
      "DEADLINE_EXCEEDED",
      "EDIT_TIMEOUT",
      `The edit did not end within ${timeoutMs} ms of its creation.`,
      { details: { timeoutMs } },
    );
    const deadline = job.createdAt + timeoutMs;
    const timer = setTimeout(() => controller.abort(expired), Math.max(0, deadline - Date.now()));
    const report: Report = async (change) => {
      await this.#store.change(job.id, change);
    };
    try {
      const change = await this.#work(input, report, { signal: controller.signal, deadline });
      await this.#store.change(job.id, change);
    } catch (error) {
      await this.#fail(job.id, controller.signal.aborted ? controller.signal.reason : error);
    } finally {
      clearTimeout(timer);
    }
  }

  async #fail(id: string, error: unknown): Promise<void> {
    const problem = toProblem(error);
    const expired = problem.reason === "EDIT_TIMEOUT" || problem.code === "DEADLINE_EXCEEDED";
    if (problem.status === 500) this.#logger.error({ err: error, job: id }, "an edit failed");
    const { stage } = (await this.#store.get(id)) ?? {};
    await this.#store.change(id, {
      status: expired ? "expired" : problem.code === "CANCELLED" ? "cancelled" : "failed",
      problem: { ...problem, ...(stage && { stage }) },
    });
  }
}
