import { randomUUID } from "node:crypto";
import { hostname } from "node:os";
import { setTimeout as sleep } from "node:timers/promises";
import { type Logger, type Metrics, MoodError, toMoodError } from "@moodifier/service-kit";
import { Lookout } from "./lookout.ts";
import { toProblem } from "../http/problem.ts";
import type { GatewayMetrics } from "../telemetry/gateway-metrics.ts";
import { noteJobEnd, withJobSpan } from "../telemetry/job-trace.ts";
import type { Job, JobChange } from "./job.ts";
import { moderatedState } from "../safety/moderation.ts";
import type { Claim, JobStore } from "./job-store.ts";
import { ProgressWriter } from "./progress-writer.ts";
import { decideRetry, type RetryLimits } from "./retry-decider.ts";

/** Records a change of the running job; it has no effect once the job has ended or another worker has it. */
export type Report = (change: JobChange) => Promise<void>;

/** How long work may go on. */
export interface Limits {
  /** Aborts when the job was cancelled, has expired, or belongs to another worker. */
  readonly signal: AbortSignal;
  /** When the job expires, in milliseconds since the epoch. */
  readonly deadline: number;
}

/** Does the work of one job and resolves with its final change. Stops, by rejecting, soon after the signal aborts. */
export type Work = (job: Job, report: Report, limits: Limits) => Promise<JobChange>;

export interface JobRunnerOptions {
  /** Jobs that run at the same time. */
  readonly concurrency: number;
  /** Slots of those that the lane `batch` never gets. */
  readonly interactiveSlots: number;
  /** Seconds after which a silent worker counts as dead; a third of it passes between heartbeats. */
  readonly leaseSeconds: number;
  /** Pause between looks for jobs that no notice told of, in milliseconds. */
  readonly pollMs: number;
  /** Pause between sweeps of the store, in milliseconds. */
  readonly sweepMs: number;
  readonly retry: RetryLimits;
  /** Whether all that jobs stand on can be used; asked after one of them found something away. */
  readonly isReady: () => Promise<boolean>;
  /** What happens to running jobs that outlast the drain: they go back into a queue that outlives the process, or fail. */
  readonly durable: boolean;
}

/** Where a runner tells what it does. */
export interface Telemetry {
  readonly logger: Logger;
  readonly metrics: Metrics;
  readonly gatewayMetrics: GatewayMetrics;
}

interface Running {
  readonly claim: Claim;
  readonly controller: AbortController;
  readonly done: Promise<void>;
}

const keyOf = ({ job, attempt }: Claim): string => `${job.id} ${attempt}`;

const leaseLost = (): MoodError => new MoodError("ABORTED", "LEASE_LOST", "Another worker has the job.");

/** Pause before progress is written, in milliseconds: people watch the first lane, a batch tells of its rows. */
const progressMs = { interactive: 100, batch: 500 } as const;

/** Takes jobs from a store and runs them, a bounded number at a time. */
export class JobRunner {
  readonly #store: JobStore;
  readonly #work: Work;
  readonly #options: JobRunnerOptions;
  readonly #telemetry: Telemetry;
  readonly #worker = `${hostname()}:${process.pid}:${randomUUID().slice(0, 8)}`;
  /** By job and attempt: a worker may get a job again whose lease it lost, while its earlier attempt still stops. */
  readonly #running = new Map<string, Running>();
  readonly #timers: NodeJS.Timeout[] = [];
  readonly #free: Lookout;
  /** A job found something away that it stands on. The lane `batch` waits until all is back, so that its jobs don't use up their tries. */
  #outage = false;
  #leave: (() => Promise<void>) | undefined;

  constructor(store: JobStore, work: Work, options: JobRunnerOptions, telemetry: Telemetry) {
    this.#store = store;
    this.#work = work;
    this.#options = options;
    this.#telemetry = telemetry;
    const onError = (error: unknown): void => telemetry.logger.warn({ err: error }, "could not take a job");
    this.#free = new Lookout(() => this.#claim(), onError);
  }

  /** Number of jobs that run now. */
  get active(): number {
    return this.#running.size;
  }

  /** Begins to take jobs. */
  async start(): Promise<void> {
    const { leaseSeconds, pollMs, sweepMs } = this.#options;
    this.#leave = await this.#store.attend(
      () => this.#free.ask(),
      (id) => this.#halt(id),
    );
    this.#every(pollMs, async () => this.#free.ask());
    this.#every(pollMs, () => this.#seeOutageEnd());
    this.#every((leaseSeconds * 1000) / 3, () => this.#renew());
    this.#every(sweepMs, () => this.#store.sweep());
    this.#free.ask();
  }

  /** Takes no more jobs and lets the running ones end; stops them after `drainMs`. */
  async stop(drainMs: number): Promise<void> {
    await this.#free.stop();
    const timer = setTimeout(() => {
      const reason = new MoodError("UNAVAILABLE", "SHUTTING_DOWN", "The gateway shut down before the edit ended.");
      for (const { controller } of this.#running.values()) controller.abort(reason);
    }, drainMs);
    await Promise.all([...this.#running.values()].map(({ done }) => done));
    clearTimeout(timer);
    for (const each of this.#timers) clearInterval(each);
    await this.#leave?.();
  }

  #beginOutage({ reason, message }: MoodError): void {
    if (this.#outage || reason === "SHUTTING_DOWN") return;
    this.#outage = true;
    this.#telemetry.logger.warn({ reason, detail: message }, "the lane batch waits for what is away");
  }

  async #seeOutageEnd(): Promise<void> {
    if (!this.#outage || !(await this.#options.isReady())) return;
    this.#outage = false;
    this.#telemetry.logger.info("the lane batch goes on");
    this.#free.ask();
  }

  /** Stops all work on a job that was ended from outside, and measures how soon its slot is free. */
  #halt(id: string): void {
    const { cancelLatency } = this.#telemetry.gatewayMetrics;
    const since = performance.now();
    for (const { claim, controller, done } of this.#running.values()) {
      if (claim.job.id !== id || controller.signal.aborted) continue;
      controller.abort(new MoodError("CANCELLED", "JOB_ENDED", "The job was ended."));
      void done.then(() => cancelLatency.observe({}, (performance.now() - since) / 1000));
    }
  }

  #every(ms: number, task: () => Promise<unknown>): void {
    let busy = false;
    const timer = setInterval(() => {
      if (busy) return;
      busy = true;
      task()
        .catch((error: unknown) => this.#telemetry.logger.warn({ err: error }, "the job runner had trouble"))
        .finally(() => (busy = false));
    }, ms);
    timer.unref();
    this.#timers.push(timer);
  }

  /** Takes as many jobs as there are free slots. */
  async #claim(): Promise<void> {
    const { concurrency, interactiveSlots } = this.#options;
    const slots = concurrency - this.#running.size;
    if (slots <= 0) return;
    const inBatch = [...this.#running.values()].filter(({ claim }) => claim.job.lane === "batch").length;
    const batchSlots = this.#outage ? 0 : Math.max(0, concurrency - interactiveSlots - inBatch);
    for (const claim of await this.#store.claim({ worker: this.#worker, slots, batchSlots })) this.#begin(claim);
  }

  #begin(claim: Claim): void {
    const { metrics } = this.#telemetry;
    const { id, lane, createdAt } = claim.job;
    const controller = new AbortController();
    metrics.queueWait.observe({ queue: lane }, Math.max(0, Date.now() - createdAt) / 1000);
    const done = withJobSpan(claim.job, () => this.#run(claim, controller))
      .catch((error: unknown) => this.#telemetry.logger.error({ err: error, job: id }, "an edit got lost"))
      .finally(() => {
        this.#running.delete(keyOf(claim));
        this.#count(lane);
        this.#free.ask();
      });
    this.#running.set(keyOf(claim), { claim, controller, done });
    this.#count(lane);
  }

  #count(lane: Job["lane"]): void {
    const running = [...this.#running.values()].filter(({ claim }) => claim.job.lane === lane).length;
    this.#telemetry.metrics.queueRunning.set({ queue: lane }, running);
  }

  async #renew(): Promise<void> {
    const claims = [...this.#running.values()].map(({ claim }) => claim);
    for (const lost of await this.#store.renew(claims)) this.#running.get(keyOf(lost))?.controller.abort(leaseLost());
  }

  async #run(claim: Claim, controller: AbortController): Promise<void> {
    const { finishBy } = claim.job;
    const timer = setTimeout(
      () =>
        controller.abort(new MoodError("DEADLINE_EXCEEDED", "EDIT_TIMEOUT", "The edit did not end within its time.")),
      Math.min(2 ** 31 - 1, Math.max(0, finishBy - Date.now())),
    );
    const writer = new ProgressWriter(
      async (change) => {
        if (!(await this.#store.change(claim, change))) controller.abort(leaseLost());
      },
      { pauseMs: progressMs[claim.job.lane], patient: claim.job.lane === "batch" },
    );
    try {
      const change = await this.#work(claim.job, (each) => writer.write(each), {
        signal: controller.signal,
        deadline: finishBy,
      });
      const last = await writer.finish(change);
      this.#tell(await this.#insist(() => this.#store.change(claim, last)));
    } catch (error) {
      await writer.flush().catch(() => undefined);
      const reason: unknown = controller.signal.aborted ? controller.signal.reason : error;
      await this.#fail(claim, toMoodError(reason), error);
    } finally {
      clearTimeout(timer);
    }
  }

  async #fail(claim: Claim, error: MoodError, original: unknown): Promise<void> {
    // The job has ended or belongs to another worker: there is nothing to write.
    if (error.reason === "LEASE_LOST" || error.reason === "JOB_ENDED") return this.#freed(claim.job.id, error);
    const { retry, durable } = this.#options;
    if (error.code === "UNAVAILABLE") this.#beginOutage(error);
    const { failures, lane } = claim.job;
    const decision = decideRetry({ error, failures, attempt: claim.attempt, patient: lane === "batch" }, retry);
    if (decision.retry && (durable || error.reason !== "SHUTTING_DOWN")) {
      await this.#insist(() => this.#store.requeue(claim, decision));
      return;
    }
    const problem = toProblem(error);
    if (problem.status === 500) this.#telemetry.logger.error({ err: original, job: claim.job.id }, "an edit failed");
    const status =
      moderatedState(error) ??
      (problem.code === "DEADLINE_EXCEEDED" ? "expired" : problem.code === "CANCELLED" ? "cancelled" : "failed");
    this.#tell(await this.#insist(() => this.#store.change(claim, { status, problem })));
  }

  #freed(id: string, error: MoodError): void {
    this.#telemetry.logger.debug({ job: id, reason: error.reason }, "stopped working on a job");
  }

  #tell(job: Job | undefined): void {
    if (!job) return;
    noteJobEnd(job);
    if ((job.outsideMask?.changed_px ?? 0) > 0) this.#telemetry.gatewayMetrics.outsideMask.inc();
  }

  /** Tries again while the database is away, for as long as the lease may last: a finished edit must not be lost to a restart of the database. */
  async #insist<T>(write: () => Promise<T>): Promise<T> {
    const until = Date.now() + this.#options.leaseSeconds * 1000;
    for (let pauseMs = 100; ; pauseMs = Math.min(2000, pauseMs * 2)) {
      try {
        return await write();
      } catch (error) {
        if (toMoodError(error).code !== "UNAVAILABLE" || Date.now() > until) throw error;
        await sleep(pauseMs);
      }
    }
  }
}
