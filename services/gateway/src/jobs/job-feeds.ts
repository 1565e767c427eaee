import type { Logger } from "@moodifier/service-kit";
import type { Database } from "../database/database.ts";
import { EventLog } from "./event-log.ts";
import { isFinal, type JobEvent } from "./job.ts";
import { endMark, eventChannel } from "./job-change.ts";
import { JobEnds } from "./job-ends.ts";
import { type EventRow, toEvent } from "./job-row.ts";

/** Milliseconds after which a feed looks for itself, should a notice have been lost. */
const lookMs = 10_000;

interface Feed {
  readonly log: EventLog;
  readonly stop: AbortController;
  readers: number;
  /** Sequence of the newest event that was read. */
  newest: number;
  reading: Promise<void> | undefined;
  /** A notice came while events were read. */
  again: boolean;
}

/** The events of jobs that somebody watches: one reader of the database for each job, however many watch it. */
export class JobFeeds {
  readonly #database: Database;
  readonly #logger: Logger | undefined;
  readonly #feeds = new Map<string, Feed>();
  readonly #ends: JobEnds;
  readonly #timer: NodeJS.Timeout;
  #stopListening: (() => Promise<void>) | undefined;

  private constructor(database: Database, logger: Logger | undefined) {
    this.#database = database;
    this.#logger = logger;
    this.#ends = new JobEnds(database);
    this.#timer = setInterval(() => this.#lookAtAll(), lookMs);
    this.#timer.unref();
  }

  static async start(database: Database, logger: Logger | undefined): Promise<JobFeeds> {
    const feeds = new JobFeeds(database, logger);
    feeds.#stopListening = await database.listen(eventChannel, (notice) => {
      const id = notice.replace(endMark, "");
      // An empty notice follows a lost connection: anything may have happened.
      if (id === "") feeds.#lookAtAll();
      else feeds.#look(id);
      if (notice !== id) feeds.#ends.tell(id);
    });
    return feeds;
  }

  async *watch(id: string, after: number, signal: AbortSignal): AsyncGenerator<JobEvent> {
    const feed = this.#feeds.get(id) ?? this.#open(id);
    feed.readers += 1;
    try {
      yield* feed.log.read(after, signal);
    } finally {
      feed.readers -= 1;
      if (feed.readers === 0 && this.#feeds.get(id) === feed) {
        this.#feeds.delete(id);
        feed.stop.abort();
      }
    }
  }

  /** Resolves when the job has ended or is unknown, or when `signal` aborts. */
  ended(id: string, signal: AbortSignal): Promise<void> {
    return this.#ends.wait(id, signal);
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer);
    await this.#stopListening?.();
    // What happened last is still told.
    for (const [id, feed] of this.#feeds) {
      await feed.reading;
      await this.#read(id, feed).catch(() => undefined);
      feed.log.end();
    }
    this.#ends.stop();
  }

  #open(id: string): Feed {
    const feed: Feed = {
      log: new EventLog(),
      stop: new AbortController(),
      readers: 0,
      newest: 0,
      reading: undefined,
      again: false,
    };
    this.#feeds.set(id, feed);
    this.#look(id);
    return feed;
  }

  #lookAtAll(): void {
    for (const id of this.#feeds.keys()) this.#look(id);
    this.#ends
      .lookAtAll()
      .catch((error: unknown) => this.#logger?.warn({ err: error }, "could not look for jobs that have ended"));
  }

  #look(id: string): void {
    const feed = this.#feeds.get(id);
    if (!feed) return;
    if (feed.reading) {
      feed.again = true;
      return;
    }
    feed.reading = this.#read(id, feed)
      .catch((error: unknown) => this.#logger?.warn({ err: error }, "could not read a job's events"))
      .finally(() => {
        feed.reading = undefined;
        if (!feed.again) return;
        feed.again = false;
        this.#look(id);
      });
  }

  async #read(id: string, feed: Feed): Promise<void> {
    const rows = await this.#database.query<EventRow>(
      `SELECT e.sequence, e.status, e.stage, e.progress, p.media_type AS preview_type, p.data AS preview_data
       FROM job_event e LEFT JOIN job_preview p ON p.job_id = e.job_id AND p.sequence = e.sequence
       WHERE e.job_id = $1 AND e.sequence > $2 ORDER BY e.sequence`,
      [id, feed.newest],
    );
    for (const row of rows) {
      feed.newest = row.sequence;
      feed.log.append(toEvent(row), isFinal(row.status));
    }
    // A job that was forgotten while somebody watched has no end of its own.
    if (rows.length === 0 && (await this.#isGone(id))) feed.log.end();
  }

  async #isGone(id: string): Promise<boolean> {
    return (await this.#database.query("SELECT 1 FROM job WHERE id = $1", [id])).length === 0;
  }
}
