import { randomUUID } from "node:crypto";
import { MoodError } from "@moodifier/service-kit";
import { toProblem } from "../http/problem.ts";
import { EventLog } from "./event-log.ts";
import { type EncodedImage, isFinal, type Job, type JobChange, type JobEvent, type JobInput } from "./job.ts";
import type { JobStore, TakenJob } from "./job-store.ts";

export interface MemoryJobStoreOptions {
  /** Most jobs that may wait. */
  readonly maxQueued: number;
  /** How long a finished job stays readable, in milliseconds. */
  readonly retentionMs: number;
  /** Most finished jobs that are kept; the oldest go first. */
  readonly maxFinished: number;
  /** Clock, milliseconds since the epoch. */
  readonly now?: () => number;
}

interface Entry {
  job: Job;
  /** Dropped when the job is final. */
  input: JobInput | undefined;
  result: EncodedImage | undefined;
  readonly events: EventLog;
}

/** Jobs in this process's memory: nothing survives a restart. */
export class MemoryJobStore implements JobStore {
  readonly #options: MemoryJobStoreOptions;
  readonly #now: () => number;
  readonly #entries = new Map<string, Entry>();
  readonly #queue: string[] = [];
  /** Final jobs, in the order in which they ended. */
  readonly #finished: string[] = [];

  constructor(options: MemoryJobStoreOptions) {
    this.#options = options;
    this.#now = options.now ?? Date.now;
  }

  async create(input: JobInput): Promise<Job> {
    this.#forgetOld();
    if (this.#queue.length >= this.#options.maxQueued) {
      throw new MoodError(
        "RESOURCE_EXHAUSTED",
        "QUEUE_FULL",
        `${this.#options.maxQueued} edits are waiting already. Try again when some have ended.`,
        { details: { maxQueued: this.#options.maxQueued, retryAfterSeconds: 5 } },
      );
    }
    const job: Job = {
      id: randomUUID(),
      status: "queued",
      stage: "queued",
      sequence: 0,
      createdAt: this.#now(),
      settings: input.settings,
      ...(input.mask && { maskCoverage: input.mask.coverage }),
      progress: { step: 0, steps: 0, percentage: 0 },
      timings: {},
      warnings: input.warnings,
    };
    const entry: Entry = { job, input, result: undefined, events: new EventLog() };
    this.#entries.set(job.id, entry);
    this.#queue.push(job.id);
    return this.#apply(entry, {});
  }

  async take(): Promise<TakenJob | undefined> {
    const id = this.#queue.shift();
    const entry = id === undefined ? undefined : this.#entries.get(id);
    if (!entry?.input) return undefined;
    const { input } = entry;
    const now = this.#now();
    entry.job = { ...entry.job, startedAt: now };
    const job = this.#apply(entry, {
      status: "planning",
      timings: { queued_ms: now - entry.job.createdAt },
    });
    return { job, input };
  }

  async get(id: string): Promise<Job | undefined> {
    this.#forgetOld();
    return this.#entries.get(id)?.job;
  }

  async change(id: string, change: JobChange): Promise<Job | undefined> {
    const entry = this.#entries.get(id);
    if (!entry || isFinal(entry.job.status)) return undefined;
    const job = this.#apply(entry, change);
    if (isFinal(job.status)) this.#retire(entry);
    return job;
  }

  async result(id: string): Promise<EncodedImage | undefined> {
    return this.#entries.get(id)?.result;
  }

  watch(id: string, after: number, signal: AbortSignal): AsyncIterable<JobEvent> {
    const entry = this.#entries.get(id);
    if (!entry) throw new MoodError("NOT_FOUND", "JOB_NOT_FOUND", `No edit has the id "${id}".`);
    return entry.events.read(after, signal);
  }

  async close(): Promise<void> {
    const text = "The gateway shut down before the edit began.";
    const problem = toProblem(new MoodError("UNAVAILABLE", "SHUTTING_DOWN", text));
    // A change to a final state takes the job out of the queue.
    for (let id = this.#queue[0]; id !== undefined; id = this.#queue[0])
      await this.change(id, { status: "failed", problem });
  }

  #apply(entry: Entry, { preview, result, ...fields }: JobChange): Job {
    const before = entry.job;
    const status = fields.status ?? before.status;
    const job: Job = {
      ...before,
      ...fields,
      sequence: before.sequence + 1,
      stage: isFinal(status) ? before.stage : status,
      timings: { ...before.timings, ...fields.timings },
      ...(isFinal(status) && this.#ending(before, fields)),
    };
    entry.job = job;
    if (result) entry.result = result;
    entry.events.append(
      {
        sequence: job.sequence,
        status,
        stage: job.stage,
        progress: job.progress,
        ...(preview && { preview }),
      },
      isFinal(status),
    );
    return job;
  }

  #ending(before: Job, change: JobChange): Pick<Job, "finishedAt" | "timings"> {
    const finishedAt = this.#now();
    return { finishedAt, timings: { ...before.timings, ...change.timings, total_ms: finishedAt - before.createdAt } };
  }

  #retire(entry: Entry): void {
    entry.input = undefined;
    const waiting = this.#queue.indexOf(entry.job.id);
    if (waiting >= 0) this.#queue.splice(waiting, 1);
    this.#finished.push(entry.job.id);
    this.#forgetOld();
  }

  #forgetOld(): void {
    const oldest = this.#now() - this.#options.retentionMs;
    for (let id = this.#finished[0]; id !== undefined; id = this.#finished[0]) {
      const finishedAt = this.#entries.get(id)?.job.finishedAt ?? 0;
      if (this.#finished.length <= this.#options.maxFinished && finishedAt > oldest) return;
      this.#finished.shift();
      this.#entries.delete(id);
    }
  }
}
