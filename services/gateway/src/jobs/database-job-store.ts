import { MoodError } from "@moodifier/service-kit";
import type { Database } from "../database/database.ts";
import type { IdempotencyKey } from "../http/idempotency-key.ts";
import { toProblem } from "../http/problem.ts";
import { isUuid } from "../http/uuid.ts";
import { advanceClock, lateLanes, setBackClock } from "./fair-share.ts";
import {
  type FinalState,
  isFinal,
  type Job,
  type JobChange,
  type JobEvent,
  type Lane,
  lanes,
  type NewJob,
} from "./job.ts";
import { applyChange } from "./job-change.ts";
import { JobFeeds } from "./job-feeds.ts";
import { listJobs } from "./job-list.ts";
import { type Delivery, JobQueue } from "./job-queue.ts";
import { type JobRow, toJob } from "./job-row.ts";
import type { JobStoreOptions } from "./job-store-options.ts";
import type { Claim, Demand, JobFilter, JobPage, JobStore, LaneDepth, Submitted } from "./job-store.ts";
import { findRepeated, readyChannel, submitJobs, submitOnce } from "./submit-jobs.ts";

/** Name of the notices that tell a worker to stop; the payload is the job's id. */
const stopChannel = "moodifier_job_stop";

/** Jobs in PostgreSQL or PGlite, queued through pg-boss. */
export class DatabaseJobStore implements JobStore {
  readonly #database: Database;
  readonly #queue: JobQueue;
  readonly #feeds: JobFeeds;
  readonly #options: JobStoreOptions;

  private constructor(database: Database, queue: JobQueue, feeds: JobFeeds, options: JobStoreOptions) {
    this.#database = database;
    this.#queue = queue;
    this.#feeds = feeds;
    this.#options = options;
  }

  /** The database must be migrated. */
  static async start(database: Database, options: JobStoreOptions): Promise<DatabaseJobStore> {
    const { leaseSeconds, limitsOf, logger } = options;
    const queue = await JobQueue.start(database, {
      leaseSeconds,
      tenantConcurrency: limitsOf("default").concurrency,
      logger,
    });
    const store = new DatabaseJobStore(database, queue, await JobFeeds.start(database, logger), options);
    // An embedded database belongs to this process alone: whatever runs in it ran in an earlier one.
    if (database.kind === "pglite") await store.#recoverAll();
    return store;
  }

  submit(job: NewJob, tx: Database = this.#database): Promise<Submitted> {
    return tx.transaction((inner) => submitOnce(inner, this.#queue, job, this.#options));
  }

  findRepeated(tenantId: string, idempotency: IdempotencyKey): Promise<Job | undefined> {
    return findRepeated(this.#database, tenantId, idempotency);
  }

  submitAll(jobs: readonly NewJob[], tx: Database = this.#database): Promise<Job[]> {
    return tx.transaction((inner) => submitJobs(inner, this.#queue, jobs, this.#options));
  }

  async claim({ worker, slots, batchSlots }: Demand): Promise<Claim[]> {
    if (slots <= 0) return [];
    const waiting = await this.#queue.lanesWithWork(this.#database);
    const first = waiting.has("interactive") ? await this.#claimLane("interactive", slots, worker) : [];
    const left = Math.min(batchSlots, slots - first.length);
    return left > 0 && waiting.has("batch") ? [...first, ...(await this.#claimLane("batch", left, worker))] : first;
  }

  async renew(claims: readonly Claim[]): Promise<Claim[]> {
    if (claims.length === 0) return [];
    return this.#database.transaction(async (tx) => {
      for (const lane of lanes) {
        await this.#queue.touch(tx, lane, claims.filter(({ job }) => job.lane === lane).map(toDelivery));
      }
      const held = await tx.query<{ id: string; attempt: number }>(
        `SELECT job.id, job.attempt FROM job JOIN unnest($1::uuid[], $2::int[]) AS claim (id, attempt) ON job.id = claim.id AND job.attempt = claim.attempt
         WHERE finished_at IS NULL AND status <> 'queued'`,
        [claims.map(({ job }) => job.id), claims.map(({ attempt }) => attempt)],
      );
      const kept = new Set(held.map(({ id, attempt }) => `${id} ${attempt}`));
      return claims.filter(({ job, attempt }) => !kept.has(`${job.id} ${attempt}`));
    });
  }

  async change(claim: Claim, change: JobChange): Promise<Job | undefined> {
    const target = { id: claim.job.id, attempt: claim.attempt };
    if (change.status === undefined || !isFinal(change.status)) {
      const row = await applyChange(this.#database, target, change, this.#options);
      return row && toJob(row);
    }
    const ended = await this.#database.transaction(async (tx) => {
      const row = await applyChange(tx, target, change, this.#options);
      if (row) await this.#queue.complete(tx, row.lane, toDelivery(claim));
      return row && toJob(row);
    });
    return this.#tellEnd(ended);
  }

  async requeue(claim: Claim, { delayMs, counts }: { delayMs: number; counts: boolean }): Promise<Job | undefined> {
    return this.#database.transaction(async (tx) => {
      const target = { id: claim.job.id, attempt: claim.attempt };
      const change: JobChange = { status: "queued", progress: { step: 0, steps: 0, percentage: 0 } };
      const row = await applyChange(tx, target, change, { ...this.#options, release: { counts } });
      if (!row) return undefined;
      await this.#queue.giveBack(tx, row.lane, toDelivery(claim), delayMs);
      await tx.query("SELECT pg_notify($1, $2)", [readyChannel, row.lane]);
      return toJob(row);
    });
  }

  async end(id: string, status: Exclude<FinalState, "succeeded">, problem?: Job["problem"]): Promise<Job | undefined> {
    const row = await this.#database.transaction((tx) => this.#end(tx, { id }, status, problem));
    return this.#tellEnd(row && toJob(row));
  }

  async endWaiting(problem: NonNullable<Job["problem"]>): Promise<void> {
    const waiting = await this.#database.query<{ id: string }>("SELECT id FROM job WHERE status = 'queued'");
    for (const { id } of waiting) await this.end(id, "failed", problem);
  }

  async get(tenantId: string, id: string): Promise<Job | undefined> {
    if (!isUuid(id)) return undefined;
    const [row] = await this.#database.query<JobRow>("SELECT * FROM job WHERE id = $1 AND tenant_id = $2", [
      id,
      tenantId,
    ]);
    return row && toJob(row);
  }

  list(filter: JobFilter): Promise<JobPage> {
    return listJobs(this.#database, filter);
  }

  watch(id: string, after: number, signal: AbortSignal): AsyncIterable<JobEvent> {
    return this.#feeds.watch(id, after, signal);
  }

  ended(id: string, signal: AbortSignal): Promise<void> {
    return this.#feeds.ended(id, signal);
  }

  async attend(onReady: () => void, onStop: (id: string) => void): Promise<() => Promise<void>> {
    const ready = await this.#database.listen(readyChannel, onReady);
    const stop = await this.#database.listen(stopChannel, (id) => id !== "" && onStop(id));
    return async () => {
      await ready();
      await stop();
    };
  }

  async sweep(): Promise<{ expired: number; forgotten: number }> {
    const overdue = await this.#database.query<{ id: string; late: string }>(
      `SELECT id, CASE WHEN finish_by <= now() THEN 'finish' ELSE 'start' END AS late FROM job
       WHERE finished_at IS NULL AND (finish_by <= now() OR (status = 'queued' AND started_at IS NULL AND start_by <= now())) LIMIT 500`,
    );
    for (const { id, late } of overdue) {
      await this.end(id, "expired", toProblem(late === "start" ? startedTooLate() : tookTooLong()));
    }
    const forgotten = await this.#database.query(
      "DELETE FROM job WHERE id IN (SELECT id FROM job WHERE expires_at <= now() LIMIT 1000) RETURNING id",
    );
    for (const lane of await lateLanes(this.#database)) {
      await this.#database.transaction(async (tx) => {
        await lockClaims(tx, lane);
        await setBackClock(tx, lane);
      });
    }
    return { expired: overdue.length, forgotten: forgotten.length };
  }

  /** Looks for dead workers now instead of at the next pass. */
  findLost(): Promise<void> {
    return this.#queue.findLost();
  }

  async depths(): Promise<LaneDepth[]> {
    const rows = await this.#database.query<{ lane: Lane; queued: number; running: number; age: number; work: number }>(
      `SELECT lane, count(*) FILTER (WHERE status = 'queued') AS queued, count(*) FILTER (WHERE status <> 'queued') AS running,
         COALESCE(extract(epoch FROM now() - min(created_at) FILTER (WHERE status = 'queued')), 0)::float8 AS age,
         COALESCE(sum(megapixel_steps) FILTER (WHERE status = 'queued'), 0)::float8 AS work
       FROM job WHERE finished_at IS NULL GROUP BY lane`,
    );
    return lanes.map((lane) => {
      const { queued = 0, running = 0, age = 0, work = 0 } = rows.find((row) => row.lane === lane) ?? {};
      return { lane, queued, running, oldestAgeSeconds: Math.max(0, age), megapixelSteps: work };
    });
  }

  async close(): Promise<void> {
    await this.#feeds.stop();
    await this.#queue.stop();
  }

  async #claimLane(lane: Lane, count: number, worker: string): Promise<Claim[]> {
    const refused: (Job | undefined)[] = [];
    const claims = await this.#database.transaction(async (tx) => {
      await lockClaims(tx, lane);
      const taken = await this.#queue.take(tx, lane, count);
      if (taken.length === 0) return [];
      await advanceClock(
        tx,
        lane,
        taken.map(({ order }) => order),
      );
      const rows = await tx.query<JobRow>(claimSql, [
        taken.map(({ id }) => id),
        taken.map(({ retryCount }) => retryCount + 1),
        worker,
      ]);
      const byId = new Map(rows.map((row) => [row.id, row]));
      const taking: Claim[] = [];
      for (const delivery of taken) {
        const row = byId.get(delivery.id);
        if (!row) {
          // An entry whose job has ended has nothing to do.
          await this.#queue.complete(tx, lane, delivery);
          continue;
        }
        const reason = this.#whyNot(row);
        if (reason) refused.push(await this.#refuse(tx, row, reason));
        else taking.push({ job: toJob(row), attempt: row.attempt });
      }
      return taking;
    });
    for (const job of refused) this.#tellEnd(job);
    return claims;
  }

  #tellEnd(job: Job | undefined): Job | undefined {
    if (job) this.#options.onEnd?.(job);
    return job;
  }

  /** Why a claimed job must not run after all. */
  #whyNot(row: JobRow): MoodError | undefined {
    const now = Date.now();
    if (row.finish_by.getTime() <= now) return tookTooLong();
    if (row.attempt === 1 && row.start_by && row.start_by.getTime() <= now) return startedTooLate();
    if (row.losses > this.#options.maxLosses) {
      const text = `${row.losses} workers died or hung while they worked on this job; it is not tried again.`;
      return new MoodError("ABORTED", "JOB_LOST", text, { details: { losses: row.losses } });
    }
    return undefined;
  }

  async #refuse(tx: Database, row: JobRow, reason: MoodError): Promise<Job | undefined> {
    const status = reason.code === "DEADLINE_EXCEEDED" ? "expired" : "failed";
    const ended = await this.#end(tx, { id: row.id }, status, { ...toProblem(reason), stage: row.stage });
    if (status === "failed") await this.#queue.bury(tx, { id: row.id, lane: row.lane, reason: reason.reason });
    return ended && toJob(ended);
  }

  async #end(
    tx: Database,
    target: { id: string },
    status: FinalState,
    problem: Job["problem"],
  ): Promise<JobRow | undefined> {
    if (!isUuid(target.id)) return undefined;
    const row = await applyChange(tx, target, { status, ...(problem && { problem }) }, this.#options);
    if (!row) return undefined;
    await this.#queue.remove(tx, row.lane, row.id);
    await tx.query("SELECT pg_notify($1, $2)", [stopChannel, row.id]);
    return row;
  }

  async #recoverAll(): Promise<void> {
    const orphans = await this.#database.query<JobRow>(
      "SELECT * FROM job WHERE finished_at IS NULL AND status <> 'queued'",
    );
    for (const row of orphans) {
      await this.#database.transaction(async (tx) => {
        await tx.query("UPDATE job SET losses = losses + 1 WHERE id = $1", [row.id]);
        await applyChange(
          tx,
          { id: row.id, attempt: row.attempt },
          { status: "queued" },
          { ...this.#options, release: { counts: false } },
        );
        await this.#queue.giveBack(tx, row.lane, { id: row.id, retryCount: row.attempt - 1 }, 0);
      });
    }
  }
}

/** A job that was not queued when it was claimed again has lost its worker. */
const claimSql = `
  WITH claimed AS (
    UPDATE job SET
      status = 'planning', stage = 'planning', sequence = sequence + 1, attempt = claim.attempt, worker = $3::text,
      losses = losses + CASE WHEN status = 'queued' THEN 0 ELSE 1 END,
      started_at = COALESCE(started_at, clock_timestamp()),
      record = CASE WHEN started_at IS NOT NULL THEN record ELSE record || jsonb_build_object('timings',
        jsonb_build_object('queued_ms', round(1000 * extract(epoch FROM clock_timestamp() - created_at)))) END
    FROM unnest($1::uuid[], $2::int[]) AS claim (id, attempt)
    WHERE job.id = claim.id AND job.finished_at IS NULL AND job.attempt < claim.attempt
    RETURNING job.*),
  event AS (
    INSERT INTO job_event (job_id, tenant_id, sequence, status, stage, progress)
    SELECT id, tenant_id, sequence, status, stage, record->'progress' FROM claimed)
  SELECT claimed.*, pg_notify('moodifier_job_event', id::text) AS told FROM claimed`;

/** One claim of a lane at a time: the tenants' limits hold exactly, however many workers there are. */
async function lockClaims(tx: Database, lane: Lane): Promise<void> {
  await tx.query("SELECT pg_advisory_xact_lock(hashtext($1))", [`moodifier-claim-${lane}`]);
}

function toDelivery({ job, attempt }: Claim): Delivery {
  return { id: job.id, retryCount: attempt - 1 };
}

function startedTooLate(): MoodError {
  return new MoodError("DEADLINE_EXCEEDED", "START_TIMEOUT", "The edit did not start within its start_within.");
}

function tookTooLong(): MoodError {
  return new MoodError("DEADLINE_EXCEEDED", "EDIT_TIMEOUT", "The edit did not end within its time.");
}
