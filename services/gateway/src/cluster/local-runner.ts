import { spawn } from "node:child_process";
import process from "node:process";
import { activeTrace, traceparentOf } from "@moodifier/service-kit";
import {
  checkWork,
  HOPELESS_EXIT_CODE,
  SHARD,
  type ShardedWork,
  type ShardReport,
  type ShardRunner,
  type ShardRunOptions,
} from "./shard-runner.ts";

/** How a local runner works. */
export interface LocalRunnerOptions {
  /** Program and first arguments of the worker. */
  readonly command: readonly [string, ...string[]];
  /** Further tries of a failed shard. */
  readonly retries: number;
  /** Milliseconds between the request to stop and the end by force. */
  readonly graceMs: number;
}

/** Runs each shard as a process of this machine, with the meaning of exit codes, index variable and retries that it has on a cluster. */
export class LocalRunner implements ShardRunner {
  readonly #options: LocalRunnerOptions;
  readonly #close = new AbortController();

  constructor(options: LocalRunnerOptions) {
    this.#options = options;
  }

  async run(work: ShardedWork, { signal, onProgress }: ShardRunOptions = {}): Promise<ShardReport> {
    checkWork(work);
    const stop = signal ? AbortSignal.any([signal, this.#close.signal]) : this.#close.signal;
    stop.throwIfAborted();
    const ended = { succeeded: [] as number[], failed: [] as number[] };
    let next = 0;
    const takeTurns = async () => {
      for (let shard = next++; shard < work.shards; shard = next++) {
        const well = await this.#runShard(work, shard, stop);
        stop.throwIfAborted();
        ended[well ? "succeeded" : "failed"].push(shard);
        onProgress?.({ succeeded: ended.succeeded.length, failed: ended.failed.length });
      }
    };
    const lanes = Array.from({ length: work.parallelism }, takeTurns);
    // All have stopped before an abort is passed on.
    await Promise.allSettled(lanes);
    await Promise.all(lanes);
    const ascending = (indexes: number[]) => indexes.sort((a, b) => a - b);
    return { succeeded: ascending(ended.succeeded), failed: ascending(ended.failed), unfinished: [] };
  }

  async close(): Promise<void> {
    this.#close.abort(new Error("the runner is closed"));
  }

  async #runShard(work: ShardedWork, shard: number, stop: AbortSignal): Promise<boolean> {
    for (let tries = 0; tries <= this.#options.retries && !stop.aborted; tries += 1) {
      const code = await this.#spawn(work, shard, stop);
      if (code === 0) return true;
      if (code === HOPELESS_EXIT_CODE) return false;
    }
    return false;
  }

  #spawn({ args, shards }: ShardedWork, shard: number, stop: AbortSignal): Promise<number | null> {
    const [program, ...first] = this.#options.command;
    const traceparent = traceparentOf(activeTrace());
    const env = {
      ...process.env,
      JOB_COMPLETION_INDEX: String(shard),
      ...(traceparent !== undefined && { TRACEPARENT: traceparent }),
    };
    const worker = spawn(program, [...first, ...args.map((arg) => arg.replaceAll(SHARD, () => `${shard}/${shards}`))], {
      env,
      stdio: ["ignore", "inherit", "inherit"],
    });
    let force: NodeJS.Timeout | undefined;
    const end = () => {
      worker.kill("SIGTERM");
      force = setTimeout(() => worker.kill("SIGKILL"), this.#options.graceMs);
    };
    stop.addEventListener("abort", end, { once: true });
    return new Promise<number | null>((resolve, reject) => {
      worker.once("error", reject);
      worker.once("exit", resolve);
    }).finally(() => {
      clearTimeout(force);
      stop.removeEventListener("abort", end);
    });
  }
}
