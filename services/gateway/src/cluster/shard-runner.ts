import { MoodError } from "@moodifier/service-kit";

/** Most shards of one work: statuses of larger Indexed Jobs no longer fit into one object. */
export const MAX_SHARDS = 10_000;

/** Stands for `i/n` in the arguments of a work, 0 <= i < n. */
export const SHARD = "{shard}";

/** A worker that ends with this code says that trying again is no use. */
export const HOPELESS_EXIT_CODE = 42;

/** Work that falls into shards which need nothing of each other, for example a stage of MoodArchive or the rows of a batch. */
export interface ShardedWork {
  /** Its identity: running the same id again takes up what runs or has ended already. 1..200 characters. */
  readonly id: string;
  /** Arguments of the worker's command; {@link SHARD} in them becomes the shard. */
  readonly args: readonly string[];
  /** 1..10,000. */
  readonly shards: number;
  /** Shards that run at the same time, 1..shards. */
  readonly parallelism: number;
}

/** How the shards of a work ended; every shard is in exactly one list, ascending. */
export interface ShardReport {
  readonly succeeded: readonly number[];
  /** Failed for good. */
  readonly failed: readonly number[];
  /** Never got to an end, because the work was given up as a whole; `reason` says why. */
  readonly unfinished: readonly number[];
  /** Why the work was given up, for example `DeadlineExceeded` or `MaxFailedIndexesExceeded`. */
  readonly reason?: string;
}

/** How to watch and stop a work. */
export interface ShardRunOptions {
  /** Stops the shards and makes `run` reject with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
  /** Told whenever more shards have ended. */
  readonly onProgress?: ((ended: { readonly succeeded: number; readonly failed: number }) => void) | undefined;
}

/** Runs sharded work: as processes of this machine, or as an Indexed Job of Kubernetes. */
export interface ShardRunner {
  /**
   * Runs the work to its end. A failed shard is tried again a few times and keeps nobody else from succeeding. Throws MoodError INVALID_ARGUMENT, reason
   * WORK_INVALID; FAILED_PRECONDITION, reason WORK_CHANGED, when the id runs with other arguments; UNAVAILABLE, reason CLUSTER_UNAVAILABLE.
   */
  run(work: ShardedWork, options?: ShardRunOptions): Promise<ShardReport>;
  /** Stops watching; work that was begun on a cluster goes on and can be taken up again. */
  close(): Promise<void>;
}

/** Throws WORK_INVALID, naming the argument. */
export function checkWork({ id, args, shards, parallelism }: ShardedWork): void {
  const refuse = (argument: string, expected: string, got: unknown) => {
    throw new MoodError("INVALID_ARGUMENT", "WORK_INVALID", `${argument}: expected ${expected}, got ${String(got)}`, {
      details: { argument },
    });
  };
  const whole = (value: number, most: number) => Number.isInteger(value) && value >= 1 && value <= most;
  if (id.length < 1 || id.length > 200) refuse("id", "1..200 characters", `${id.length}`);
  if (!whole(shards, MAX_SHARDS)) refuse("shards", `a whole number in 1..${MAX_SHARDS}`, shards);
  if (!whole(parallelism, shards))
    refuse("parallelism", `a whole number in 1..${shards}, the number of shards`, parallelism);
  if (shards > 1 && !args.some((arg) => arg.includes(SHARD))) {
    refuse("args", `${SHARD} somewhere, or every shard would do the same`, JSON.stringify(args));
  }
}

/** The rows that belong to a shard, as [from, to): rows in order, in shares that differ by one row at most. */
export function rowsOfShard(shard: number, { rows, shards }: { rows: number; shards: number }): [number, number] {
  return [Math.floor((rows * shard) / shards), Math.floor((rows * (shard + 1)) / shards)];
}

/** What a report says of each row that a shard held, in the order of the rows. */
export function rowsOfReport(report: ShardReport, rows: number): ("succeeded" | "failed" | "unfinished")[] {
  const shards = report.succeeded.length + report.failed.length + report.unfinished.length;
  const outcomes = Array.from<"succeeded" | "failed" | "unfinished">({ length: rows });
  for (const outcome of ["succeeded", "failed", "unfinished"] as const) {
    for (const shard of report[outcome]) outcomes.fill(outcome, ...rowsOfShard(shard, { rows, shards }));
  }
  return outcomes;
}
