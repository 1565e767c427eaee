import { type AddressPolicy, type Logger, sendOutbound, toMoodError } from "@moodifier/service-kit";
import type { Database } from "../database/database.ts";
import { delayAfter } from "./retry-schedule.ts";
import { signatureHeaders } from "./signature.ts";

/** How messages are sent. */
export interface SenderOptions {
  /** Pauses before each further attempt, in milliseconds. */
  readonly delaysMs: readonly number[];
  /** Which addresses may be reached. */
  readonly policy: AddressPolicy;
  /** Messages that are under way at once. */
  readonly concurrency?: number;
  /** Pause between looks at the database, in milliseconds; a new message is noticed at once. */
  readonly pollMs?: number;
  readonly logger: Logger;
  /** Told of each attempt: `succeeded`, `retried`, `failed` or `disabled`. */
  readonly onResult?: (result: Outcome) => void;
}

export type Outcome = "succeeded" | "retried" | "failed" | "disabled";

/** Longest time for one attempt; the lease of an attempt outlasts it, so that no other process sends meanwhile. */
const timeoutMs = 20_000;
const leaseSeconds = 60;
/** Messages to one endpoint that are under way at once, so that a receiver that hangs keeps nobody else waiting. */
const mostOfEndpoint = 2;
/** Answers are read only to be polite. */
const maxAnswerBytes = 64 * 1024;

interface DueRow {
  readonly id: number;
  readonly message_id: string;
  readonly endpoint_id: string;
  readonly payload: object;
  readonly attempt: number;
  readonly tries: number;
  readonly url: string;
  readonly secret: string;
  readonly previous_secret: string | null;
}

interface Attempt {
  /** HTTP status, when an answer came. */
  readonly status?: number;
  readonly reason?: string;
  readonly retryAfter?: string;
}

/** Delivers queued messages until it is stopped: at least once, each attempt leased and fenced, so that several processes may run it. */
export class WebhookSender {
  readonly #database: Database;
  readonly #options: SenderOptions;
  readonly #stopping = new AbortController();
  readonly #running = new Set<Promise<void>>();
  #wake = Promise.withResolvers<void>();
  #loop: Promise<void> | undefined;

  constructor(database: Database, options: SenderOptions) {
    this.#database = database;
    this.#options = options;
  }

  async start(): Promise<void> {
    const unlisten = await this.#database.listen("moodifier_webhook", () => this.#wake.resolve());
    this.#loop = this.#run().finally(unlisten);
  }

  /** Takes nothing more and waits for what is under way. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    this.#wake.resolve();
    await this.#loop;
    await Promise.all(this.#running);
  }

  async #run(): Promise<void> {
    const { concurrency = 16, pollMs = 1000, logger } = this.#options;
    while (!this.#stopping.signal.aborted) {
      this.#wake = Promise.withResolvers<void>();
      try {
        const due = await this.#claim(concurrency - this.#running.size);
        for (const row of due) this.#begin(row);
        if (due.length > 0 && this.#running.size < concurrency) continue;
      } catch (error) {
        logger.warn({ err: error }, "could not look for webhook deliveries");
      }
      const timer = setTimeout(() => this.#wake.resolve(), pollMs);
      await Promise.race([this.#wake.promise, ...this.#running]);
      clearTimeout(timer);
    }
  }

  #claim(count: number): Promise<DueRow[]> {
    if (count <= 0) return Promise.resolve([]);
    return this.#database.query<DueRow>(
      // A delivery without an entry for its newest attempt is on its way.
      `WITH near AS (
         SELECT d.id, d.next_at FROM webhook_endpoint e CROSS JOIN LATERAL (
           SELECT id, next_at FROM webhook_delivery WHERE endpoint_id = e.id AND status = 'pending' AND next_at <= now()
           ORDER BY next_at LIMIT greatest(0, ${mostOfEndpoint} - (
             SELECT count(*) FROM webhook_delivery u WHERE u.endpoint_id = e.id AND u.status = 'pending' AND u.attempt > 0
               AND u.next_at > now() AND u.next_at <= now() + $2 * interval '1 second'
               AND NOT EXISTS (SELECT 1 FROM webhook_attempt a WHERE a.delivery_id = u.id AND a.attempt = u.attempt)))) AS d
         WHERE e.disabled_at IS NULL),
       due AS (
         SELECT d.id FROM near JOIN webhook_delivery d ON d.id = near.id WHERE d.status = 'pending' AND d.next_at <= now()
         ORDER BY near.next_at LIMIT $1 FOR UPDATE OF d SKIP LOCKED)
       UPDATE webhook_delivery d SET attempt = d.attempt + 1, tries = d.tries + 1, next_at = now() + $2 * interval '1 second'
       FROM due, webhook_endpoint e WHERE d.id = due.id AND e.id = d.endpoint_id
       RETURNING d.id, d.message_id, d.endpoint_id, d.payload, d.attempt, d.tries, e.url, e.secret,
         CASE WHEN e.previous_until > now() THEN e.previous_secret END AS previous_secret`,
      [count, leaseSeconds],
    );
  }

  #begin(row: DueRow): void {
    const work = this.#deliver(row)
      .catch((error: unknown) =>
        this.#options.logger.warn({ err: error, delivery: row.id }, "could not record a webhook attempt"),
      )
      .finally(() => this.#running.delete(work));
    this.#running.add(work);
  }

  async #deliver(row: DueRow): Promise<void> {
    const start = performance.now();
    const attempt = await this.#send(row);
    await this.#record(row, attempt, Math.round(performance.now() - start));
  }

  async #send({ message_id: id, url, payload, secret, previous_secret: previous }: DueRow): Promise<Attempt> {
    const body = JSON.stringify(payload);
    const message = { id, timestamp: Math.floor(Date.now() / 1000), body };
    const headers = {
      "content-type": "application/json",
      "user-agent": "moodifier-webhooks/1",
      ...signatureHeaders(message, previous === null ? [secret] : [secret, previous]),
    };
    const limits = { maxBytes: maxAnswerBytes, timeoutMs, maxRedirects: 0, policy: this.#options.policy };
    try {
      const { status, headers: answered } = await sendOutbound({ url, method: "POST", headers, body }, limits);
      if (status >= 200 && status < 300) return { status };
      const retryAfter = answered["retry-after"];
      const reason = status >= 300 && status < 400 ? "REDIRECT_REFUSED" : status === 410 ? "GONE" : "STATUS_NOT_2XX";
      return { status, reason, ...(typeof retryAfter === "string" && { retryAfter }) };
    } catch (error) {
      return { reason: toMoodError(error).reason };
    }
  }

  async #record(row: DueRow, { status, reason, retryAfter }: Attempt, durationMs: number): Promise<void> {
    const delayMs = delayAfter(row.tries, this.#options.delaysMs, { retryAfter });
    const outcome: Outcome =
      reason === undefined ? "succeeded" : status === 410 ? "disabled" : delayMs === undefined ? "failed" : "retried";
    await this.#database.transaction(async (tx) => {
      await tx.query(
        "INSERT INTO webhook_attempt (delivery_id, attempt, status, reason, duration_ms) VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING",
        [row.id, row.attempt, status ?? null, reason ?? null, durationMs],
      );
      if (outcome === "disabled") {
        await tx.query(
          "UPDATE webhook_endpoint SET disabled_at = COALESCE(disabled_at, now()), disabled_reason = COALESCE(disabled_reason, 'the receiver answered 410 Gone') WHERE id = $1",
          [row.endpoint_id],
        );
      }
      const next = outcome === "succeeded" || outcome === "failed" ? outcome : "pending";
      await tx.query(
        `UPDATE webhook_delivery SET status = $3, next_at = now() + $4::float8 * interval '1 millisecond',
           finished_at = CASE WHEN $3 <> 'pending' THEN now() END WHERE id = $1 AND attempt = $2`,
        [row.id, row.attempt, next, delayMs ?? 0],
      );
    });
    this.#options.onResult?.(outcome);
  }
}
