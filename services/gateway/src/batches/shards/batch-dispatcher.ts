import { setTimeout as sleep } from "node:timers/promises";
import { ATTRIBUTES, extractTrace, type Logger, MoodError, withSpan } from "@moodifier/service-kit";
import { MAX_SHARDS, SHARD, type ShardReport, type ShardRunner } from "../../cluster/shard-runner.ts";
import { Lookout } from "../../jobs/lookout.ts";
import { type Problem, toProblem } from "../../http/problem.ts";
import type { BatchStore, RunningBatch } from "../batch-store.ts";
import { type RowShare, shareOf } from "./row-share.ts";

export interface BatchDispatcherOptions {
  /** Rows of one shard, at least 1. */
  readonly shardRows: number;
  /** Shards of one batch that run at the same time, at least 1. */
  readonly parallelism: number;
  /** Pause between looks for batches that no notice told of, and after a failure, in milliseconds. */
  readonly pollMs: number;
  /** Ends the edits of rows that nobody runs any more. */
  readonly cancelJob: (jobId: string) => Promise<void>;
}

interface Followed {
  readonly controller: AbortController;
  readonly done: Promise<void>;
}

/**
 * Has each running batch worked off in shards by a {@link ShardRunner}, instead of in this process. Any number of dispatchers may share database and cluster:
 * a batch's work has one name, so all of them follow the same one. Workers end the rows; a dispatcher ends only what a lost shard leaves.
 */
export class BatchDispatcher {
  readonly #store: BatchStore;
  readonly #runner: ShardRunner;
  readonly #logger: Logger;
  readonly #options: BatchDispatcherOptions;
  readonly #followed = new Map<string, Followed>();
  #timer: NodeJS.Timeout | undefined;
  readonly #running: Lookout;
  #stopping = false;
  #leave: (() => Promise<void>) | undefined;

  constructor(
    { store, runner, logger }: { store: BatchStore; runner: ShardRunner; logger: Logger },
    options: BatchDispatcherOptions,
  ) {
    this.#store = store;
    this.#runner = runner;
    this.#logger = logger;
    this.#options = options;
    const onError = (error: unknown): void => logger.warn({ err: error }, "could not look for running batches");
    this.#running = new Lookout(() => this.#compare(), onError);
  }

  async start(): Promise<void> {
    this.#leave = await this.#store.attend(
      () => this.#running.ask(),
      () => this.#running.ask(),
    );
    this.#timer = setInterval(() => this.#running.ask(), this.#options.pollMs);
    this.#running.ask();
  }

  /** Stops watching; work that was begun on a cluster goes on, and the next dispatcher takes it up. */
  async stop(): Promise<void> {
    this.#stopping = true;
    clearInterval(this.#timer);
    await this.#leave?.();
    await this.#running.stop();
    await this.#runner.close();
  }

  /** Begins what runs and isn't followed, and stops what is followed but no longer runs. */
  async #compare(): Promise<void> {
    const running = new Map((await this.#store.running()).map((batch) => [batch.id, batch]));
    if (this.#stopping) return;
    for (const [id, { controller }] of this.#followed) {
      if (!running.has(id)) controller.abort(new MoodError("CANCELLED", "BATCH_ENDED", "The batch has ended."));
    }
    for (const [id, batch] of running) if (!this.#followed.has(id)) this.#begin(batch);
  }

  #begin(batch: RunningBatch): void {
    const controller = new AbortController();
    const done = this.#follow(batch, controller.signal).finally(() => {
      this.#followed.delete(batch.id);
      // Open rows may be left: of somebody's retry, or of a Job that somebody deleted.
      this.#running.ask();
    });
    this.#followed.set(batch.id, { controller, done });
  }

  async #follow(batch: RunningBatch, signal: AbortSignal): Promise<void> {
    const { id, total, traceparent } = batch;
    const shards = Math.min(MAX_SHARDS, Math.ceil(total / this.#options.shardRows));
    const work = {
      // Another number of shards is other work: leases keep the two apart.
      id: `batch ${id} in ${shards}`,
      args: ["--batch", id, "--shard", SHARD],
      shards,
      parallelism: Math.min(this.#options.parallelism, shards),
    };
    try {
      const span = { parent: extractTrace(traceparent), attributes: { [ATTRIBUTES.batchId]: id } };
      const report = await withSpan("batch", span, () => this.#runner.run(work, { signal }));
      await this.#endLost(batch, report);
      // Whoever was first has deleted the Job: all see the end of the batch before long.
      await this.#pause(signal);
    } catch (error) {
      if (signal.aborted || this.#stopping) return;
      this.#logger.error({ err: error, batch: id }, "could not run a batch in shards");
      await this.#pause(signal);
    }
  }

  /** Fails the rows that lost shards leave; a deleted Job is none, it is made again. */
  async #endLost({ id, total }: RunningBatch, { succeeded, failed, unfinished, reason }: ShardReport): Promise<void> {
    if (reason === "JobDeleted") return;
    const count = succeeded.length + failed.length + unfinished.length;
    for (const index of [...failed, ...unfinished]) {
      await this.#giveUp(shareOf(id, total, { index, count }), shardLost(index, count, reason));
    }
  }

  async #giveUp(share: RowShare, problem: Problem): Promise<void> {
    const jobs = await this.#store.giveUp(share, problem);
    await Promise.all(jobs.map((job) => this.#options.cancelJob(job)));
  }

  async #pause(signal: AbortSignal): Promise<void> {
    await sleep(this.#options.pollMs, undefined, { signal, ref: false }).catch(() => undefined);
  }
}

function shardLost(index: number, count: number, reason: string | undefined): Problem {
  const why = reason === undefined ? "its workers failed at every try" : `the cluster gave the work up: ${reason}`;
  const text = `Shard ${index}/${count} of the batch ended before this row: ${why}.`;
  return toProblem(new MoodError("UNAVAILABLE", "SHARD_LOST", text, { details: { shard: `${index}/${count}` } }));
}
