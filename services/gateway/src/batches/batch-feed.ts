import { setTimeout as sleep } from "node:timers/promises";
import type { StreamEvent } from "../http/event-stream.ts";
import type { Batch } from "./batch.ts";
import type { BatchStore } from "./batch-store.ts";
import { viewRow } from "./batch-view.ts";

/** Rows that one look takes. */
const pageRows = 200;
/** Least time between two looks at a batch, so that fast rows come in groups, in milliseconds. */
const pauseMs = 100;
/** Most time between two looks, in case a notice was lost, in milliseconds. */
const pollMs = 5000;

/** Tells any number of readers what happens in batches, from one subscription. */
export class BatchFeed {
  readonly #store: BatchStore;
  #next = Promise.withResolvers<void>();
  #leave: (() => Promise<void>) | undefined;

  constructor(store: BatchStore) {
    this.#store = store;
  }

  async start(): Promise<void> {
    this.#leave = await this.#store.listen(() => {
      this.#next.resolve();
      this.#next = Promise.withResolvers<void>();
    });
  }

  async stop(): Promise<void> {
    await this.#leave?.();
    this.#next.resolve();
  }

  /** A `row` event for each row that ended after number `after`, in that order, and a `progress` event after each group; ends with the batch or when `signal` aborts. */
  async *watch(
    batch: Batch,
    options: { after: number; base: string; signal: AbortSignal },
  ): AsyncGenerator<StreamEvent> {
    const { base, signal } = options;
    let last = options.after;
    while (!signal.aborted) {
      const next = this.#next.promise;
      const now = await this.#store.require(batch.tenantId, batch.id);
      const rows = await this.#store.ended(now, last, pageRows);
      for (const row of rows) {
        last = row.sequence ?? last;
        const { input: _input, recipe: _recipe, ...view } = viewRow(row, base);
        yield { event: "row", id: String(last), data: view };
      }
      yield {
        event: "progress",
        data: { status: now.status, sequence: now.sequence, total: now.total, ...now.counts },
      };
      if (rows.length === pageRows) continue;
      if (now.status !== "running") return;
      await settled(next, signal);
    }
  }
}

/** Resolves a little after `next`, after {@link pollMs}, or when the signal aborts; leaves no timer behind. */
async function settled(next: Promise<void>, signal: AbortSignal): Promise<void> {
  const poll = new AbortController();
  const patience = sleep(pollMs, undefined, { signal: AbortSignal.any([signal, poll.signal]) }).catch(() => undefined);
  await Promise.race([next, patience]);
  poll.abort();
  await sleep(pauseMs, undefined, { signal }).catch(() => undefined);
}
