import { randomUUID } from "node:crypto";
import { type Db, PgBoss } from "pg-boss";
import type { Logger } from "@moodifier/service-kit";
import type { Database } from "../database/database.ts";
import { type Lane, lanes } from "./job.ts";

/** A job as the queue hands it out. `retryCount` identifies the attempt. */
export interface Delivery {
  readonly id: string;
  readonly retryCount: number;
}

/** A job for the queue; its id is the record's. */
export interface Entry {
  readonly id: string;
  readonly order: number;
  readonly tenantId: string;
  /** Jobs of the tenant that may run in this lane. */
  readonly tenantConcurrency: number;
  /** Longest time that one attempt may take, in seconds. */
  readonly expireInSeconds: number;
}

export interface JobQueueOptions {
  /** Seconds without a heartbeat after which a worker counts as dead, at least 10. */
  readonly leaseSeconds: number;
  /** Jobs of a tenant that run in a lane when its entry doesn't say. */
  readonly tenantConcurrency: number;
  readonly logger?: Logger | undefined;
}

/** Where jobs that could never be finished are kept for an operator. */
export const deadLetters = "dead";

/** Each entry's tier names its tenant's limit, so that the queue need not know the tenants. */
const tiers: Record<string, number> = Object.fromEntries(
  Array.from({ length: 256 }, (_, index) => [`c${index + 1}`, index + 1]),
);

/** More than any job takes: our own decider ends retries. */
const endlessRetries = 1_000_000;

/** Any number; the same in every process. */
const startLock = 7_020_034;

/** An entry may start so long before it was added: a clock that is set back by less holds up nobody. */
const clockSlackMs = 24 * 3600 * 1000;

const keepWaitingSeconds = 30 * 24 * 3600;
const keepEndedSeconds = 3600;

/** pg-boss behind what the store needs of it: leases, order, limits, dead letters. Every call runs inside the store's transaction. */
export class JobQueue {
  readonly #boss: PgBoss;
  readonly #options: JobQueueOptions;

  private constructor(boss: PgBoss, options: JobQueueOptions) {
    this.#boss = boss;
    this.#options = options;
  }

  /** Starts the queue on a database and makes its tables; of processes that start together, one after the other. */
  static async start(database: Database, options: JobQueueOptions): Promise<JobQueue> {
    // An embedded database has one process, and one connection, which a transaction would keep from the queue.
    if (database.kind === "pglite") return JobQueue.#open(database, options);
    return database.transaction(async (lock) => {
      await lock.query("SELECT pg_advisory_xact_lock($1)", [startLock]);
      return JobQueue.#open(database, options);
    });
  }

  static async #open(database: Database, options: JobQueueOptions): Promise<JobQueue> {
    const boss = new PgBoss({
      db: adapt(database),
      backend: database.kind,
      schedule: false,
      registerInstance: false,
      monitorVacuum: false,
      reindex: database.kind === "postgres",
      openTelemetry: { enabled: false },
      // Dead workers are found by this pass.
      superviseIntervalSeconds: 5,
      monitorIntervalSeconds: 5,
      queueCacheIntervalSeconds: 3600,
    });
    boss.on("error", (error) => options.logger?.warn({ err: error }, "the job queue had trouble"));
    await boss.start();
    await boss.createQueue(deadLetters, { retentionSeconds: keepWaitingSeconds });
    for (const lane of lanes) {
      await boss.createQueue(lane, {
        deadLetter: deadLetters,
        retryLimit: endlessRetries,
        heartbeatSeconds: options.leaseSeconds,
        retentionSeconds: keepWaitingSeconds,
        deleteAfterSeconds: keepEndedSeconds,
      });
      await boss.updateQueue(lane, { heartbeatSeconds: options.leaseSeconds });
    }
    // pg-boss keeps what it knows of a queue in memory; asked now, it will not ask in the middle of a transaction.
    for (const name of [...lanes, deadLetters]) await boss.findJobs(name, { id: randomUUID() });
    return new JobQueue(boss, options);
  }

  async add(tx: Database, lane: Lane, entries: readonly Entry[]): Promise<void> {
    const startAfter = new Date(Date.now() - clockSlackMs);
    const jobs = entries.map(({ id, order, tenantId, tenantConcurrency, expireInSeconds }) => ({
      id,
      priority: order,
      startAfter,
      group: { id: tenantId, tier: `c${Math.min(256, Math.max(1, Math.floor(tenantConcurrency)))}` },
      expireInSeconds,
    }));
    await this.#boss.insert(lane, jobs, { db: adapt(tx) });
  }

  /** Lanes in which an entry may be taken now. A look that costs almost nothing, before a claim that takes locks. */
  async lanesWithWork(database: Database): Promise<ReadonlySet<string>> {
    const rows = await database.query<{ lane: string }>(
      `SELECT lane FROM unnest($1::text[]) AS lane
       WHERE EXISTS (SELECT 1 FROM pgboss.job WHERE name = lane AND state < 'active' AND start_after <= clock_timestamp())`,
      [[...lanes]],
    );
    return new Set(rows.map(({ lane }) => lane));
  }

  /** Leases up to `count` entries within their tenants' limits, the highest order first. */
  async take(tx: Database, lane: Lane, count: number): Promise<(Delivery & { order: number })[]> {
    const jobs = await this.#boss.fetch(lane, {
      batchSize: count,
      includeMetadata: true,
      groupConcurrency: { default: this.#options.tenantConcurrency, tiers },
      db: adapt(tx),
    });
    return jobs
      .map(({ id, retryCount, priority }) => ({ id, retryCount, order: priority }))
      .toSorted((a, b) => b.order - a.order);
  }

  /** Extends leases. */
  async touch(tx: Database, lane: Lane, deliveries: readonly Delivery[]): Promise<void> {
    if (deliveries.length > 0) await this.#boss.touch(lane, [...deliveries], { db: adapt(tx) });
  }

  async complete(tx: Database, lane: Lane, delivery: Delivery): Promise<void> {
    await this.#boss.complete(lane, delivery, null, { db: adapt(tx) });
  }

  /** Takes an entry out, waiting or leased. */
  async remove(tx: Database, lane: Lane, id: string): Promise<void> {
    await this.#boss.cancel(lane, id, { db: adapt(tx) });
  }

  /** Gives a leased entry back, to be taken no sooner than in `delayMs`. */
  async giveBack(tx: Database, lane: Lane, delivery: Delivery, delayMs: number): Promise<void> {
    await this.#boss.fail(lane, delivery, null, { db: adapt(tx) });
    if (delayMs > 0) {
      const startAfter = new Date(Date.now() + delayMs);
      await this.#boss.update(lane, undefined, { id: delivery.id, startAfter, db: adapt(tx) });
    }
  }

  /** Keeps a note of a job that failed for good. */
  async bury(tx: Database, note: { id: string; lane: Lane; reason: string }): Promise<void> {
    await this.#boss.insert(deadLetters, [{ data: note }], { db: adapt(tx) });
  }

  /** Finds dead workers' leases now instead of at the next pass. */
  async findLost(): Promise<void> {
    await this.#boss.supervise();
  }

  async stop(): Promise<void> {
    await this.#boss.stop({ graceful: false, close: false });
  }
}

/** Our database as pg-boss wants it. Its multi-statement transactions become ours, so that a failed one can't leave a connection in the middle. */
function adapt(database: Database): Db {
  return {
    executeSql: async (text, values = []) => {
      const inner = /^\s*BEGIN;([\s\S]*)COMMIT;?\s*$/.exec(text)?.[1];
      if (inner === undefined) return { rows: await database.query(text, values) };
      return { rows: await database.transaction((tx) => tx.query(inner)) };
    },
  };
}
