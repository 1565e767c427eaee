import { setTimeout as sleep } from "node:timers/promises";
import { type Logger, MoodError, toMoodError } from "@moodifier/service-kit";
import { Lookout } from "../jobs/lookout.ts";
import { toProblem } from "../http/problem.ts";
import { decideRetry, type RetryLimits } from "../jobs/retry-decider.ts";
import type { RowClaim } from "./batch.ts";
import type { BatchStore } from "./batch-store.ts";
import { RowEditError } from "./row-edits.ts";
import type { RowEnd, RowQueue } from "./row-queue.ts";
import { leaseLost, type NoteJob } from "./row-work.ts";
import type { RowOutcome } from "./batch.ts";

/** Runs one row; see {@link runRow}. */
export type RowWork = (claim: RowClaim, options: { noteJob: NoteJob; signal: AbortSignal }) => Promise<RowOutcome>;

export interface BatchRunnerOptions {
  /** Rows in hand at the same time: enough that the next picture is read, and the last one written, while the editor works. */
  readonly window: number;
  /** Milliseconds after which a row whose holder is silent is given to another; a third of it passes between renewals. */
  readonly leaseMs: number;
  /** Pause between looks for rows that no notice told of, in milliseconds. */
  readonly pollMs: number;
  readonly retry: RetryLimits;
  /** How long a row sits out a storage or database that is away, in milliseconds from its first attempt. */
  readonly patienceMs: number;
  /** Told how each row ends. */
  readonly onRowEnd?: ((status: RowEnd["status"]) => void) | undefined;
}

/** Times that the end of a row is written, and the pause after the first failure in milliseconds, which doubles. */
const endTries = 8;
const endPauseMs = 50;

interface Running {
  readonly claim: RowClaim;
  readonly controller: AbortController;
  readonly done: Promise<void>;
}

/** Takes rows from the queue and runs them, a bounded number at a time. Any number of runners may share a database. */
export class BatchRunner {
  readonly #store: BatchStore;
  readonly #queue: RowQueue;
  readonly #work: RowWork;
  readonly #options: BatchRunnerOptions;
  readonly #logger: Logger;
  readonly #running = new Map<string, Running>();
  readonly #timers: NodeJS.Timeout[] = [];
  readonly #free: Lookout;
  #leave: (() => Promise<void>) | undefined;

  constructor(
    { store, queue, logger }: { store: BatchStore; queue: RowQueue; logger: Logger },
    work: RowWork,
    options: BatchRunnerOptions,
  ) {
    this.#store = store;
    this.#queue = queue;
    this.#work = work;
    this.#options = options;
    this.#logger = logger;
    this.#free = new Lookout(
      () => this.#take(),
      (error) => logger.warn({ err: error }, "could not take rows of batches"),
    );
  }

  /** Rows in hand now. */
  get active(): number {
    return this.#running.size;
  }

  /** Begins to take rows, those that an earlier process left among them. */
  async start(): Promise<void> {
    await this.#queue.recover();
    this.#leave = await this.#store.attend(
      () => this.#free.ask(),
      () => void this.#renew(),
    );
    const { leaseMs, pollMs } = this.#options;
    this.#timers.push(
      setInterval(() => void this.#renew(), leaseMs / 3),
      setInterval(() => this.#free.ask(), pollMs),
    );
    this.#free.ask();
  }

  /** Takes no more rows; those in hand get `drainMs`, then go back into the queue. */
  async stop(drainMs: number): Promise<void> {
    await this.#leave?.();
    await this.#free.stop();
    const reason = new MoodError("UNAVAILABLE", "SHUTTING_DOWN", "The gateway is shutting down.");
    const timer = setTimeout(() => {
      for (const { controller } of this.#running.values()) controller.abort(reason);
    }, drainMs);
    await Promise.all([...this.#running.values()].map(({ done }) => done));
    clearTimeout(timer);
    for (const each of this.#timers) clearInterval(each);
  }

  async #take(): Promise<void> {
    const free = this.#options.window - this.#running.size;
    if (free > 0) for (const claim of await this.#queue.claim(free)) this.#begin(claim);
  }

  #begin(claim: RowClaim): void {
    const controller = new AbortController();
    const done = this.#run(claim, controller).finally(() => {
      this.#running.delete(claim.lease);
      this.#free.ask();
    });
    this.#running.set(claim.lease, { claim, controller, done });
  }

  async #run(claim: RowClaim, { signal }: AbortController): Promise<void> {
    const noteJob: NoteJob = (jobId) => this.#queue.setJob(claim, jobId);
    let end: () => Promise<unknown>;
    try {
      const outcome = await this.#work(claim, { noteJob, signal });
      end = () => this.#end(claim, { status: "succeeded", outcome });
    } catch (error) {
      end = this.#decide(claim, signal.aborted ? signal.reason : error);
    }
    await this.#insist(claim, end);
  }

  /** What is to be done with a row that failed. */
  #decide(claim: RowClaim, error: unknown): () => Promise<unknown> {
    if (error instanceof RowEditError) {
      return () => this.#end(claim, { status: "failed", problem: error.problem });
    }
    const known = toMoodError(error);
    if (known.reason === "LEASE_LOST") return () => Promise.resolve();
    const { batchId: batch, index: row, attempt, failures, startedAt = Date.now() } = claim.row;
    if (known.code === "INTERNAL") this.#logger.error({ err: error, batch, row }, "a row failed");
    const patient = Date.now() - startedAt < this.#options.patienceMs;
    const decision = decideRetry({ error: known, failures, attempt, patient }, this.#options.retry);
    if (decision.retry) return () => this.#queue.release(claim, decision);
    return () => this.#end(claim, { status: "failed", problem: toProblem(known) });
  }

  /** Work that is done must not be lost to a database that is away for a moment. When it stays away, the lease runs out and another attempt goes on from the row's edit. */
  async #insist(claim: RowClaim, end: () => Promise<unknown>): Promise<void> {
    for (let tries = 1; ; tries += 1) {
      try {
        await end();
        return;
      } catch (error) {
        const { batchId: batch, index: row } = claim.row;
        this.#logger.warn({ err: error, batch, row, tries }, "could not end a row");
        if (tries >= endTries) return;
        await sleep(Math.min(endPauseMs * 2 ** tries, this.#options.leaseMs / 3));
      }
    }
  }

  async #end(claim: RowClaim, end: RowEnd): Promise<void> {
    if (await this.#queue.end(claim, end)) this.#options.onRowEnd?.(end.status);
  }

  async #renew(): Promise<void> {
    const held = [...this.#running.values()];
    if (held.length === 0) return;
    try {
      for (const { lease } of await this.#queue.renew(held.map(({ claim }) => claim))) {
        this.#running.get(lease)?.controller.abort(leaseLost());
      }
    } catch (error) {
      this.#logger.warn({ err: error }, "could not renew the leases of rows");
    }
  }
}
