import { activeTrace, ATTRIBUTES, type TraceContext, withBatchSpan } from "@moodifier/service-kit";

/** What made a batch start: it was full, its first item had waited long enough, or the batcher closed. */
export type DispatchReason = "full" | "delay" | "close";

/** How a batcher collects. */
export type BatcherOptions<Item, Result> = {
  /** Name in spans and metrics. */
  name: string;
  /** Told of every batch that starts. */
  onDispatch?: ((size: number, reason: DispatchReason) => void) | undefined;
  /** Items in one run at most, at least 1. */
  maxBatch: number;
  /** How long the first item of a batch waits for company, milliseconds; 0 runs whatever arrived in the same turn of the event loop. */
  maxDelayMs: number;
  /** Only items with equal keys share a run, for example texts of one padded length. Without it all items do. */
  key?: (item: Item) => string;
  /**
   * Runs one batch and returns one result for each item, in order. The signal is aborted once every item of the batch was given up.
   * An error fails every item of the batch.
   */
  run: (items: Item[], signal: AbortSignal) => Promise<Result[]>;
};

type Entry<Item, Result> = {
  item: Item;
  signal: AbortSignal | undefined;
  /** The caller's trace. */
  trace: TraceContext;
  resolve: (result: Result) => void;
  reject: (error: unknown) => void;
};

type Group<Item, Result> = { entries: Entry<Item, Result>[]; timer: NodeJS.Timeout };

/**
 * Dynamic batching: requests that arrive within a few milliseconds of each other become one run of the model. A batch starts when it is
 * full or when its first item has waited `maxDelayMs`. An aborted item leaves its batch; if it is already running its result is dropped.
 */
export class Batcher<Item, Result> {
  readonly #options: BatcherOptions<Item, Result>;
  readonly #groups = new Map<string, Group<Item, Result>>();
  #closed = false;

  /** Throws RangeError for a batch below 1 or a negative delay. */
  constructor(options: BatcherOptions<Item, Result>) {
    if (!Number.isInteger(options.maxBatch) || options.maxBatch < 1)
      throw new RangeError("maxBatch must be a whole number >= 1");
    if (!(options.maxDelayMs >= 0)) throw new RangeError("maxDelayMs must be >= 0");
    this.#options = options;
  }

  /** The result of one item. Rejects with the signal's reason when aborted, with the error of the run when it fails. */
  submit(item: Item, signal?: AbortSignal): Promise<Result> {
    if (this.#closed) return Promise.reject(new Error("the batcher is closed"));
    if (signal?.aborted) return Promise.reject(signal.reason);
    const key = this.#options.key?.(item) ?? "";
    const { promise, resolve, reject } = Promise.withResolvers<Result>();
    const entry: Entry<Item, Result> = { item, signal, trace: activeTrace(), resolve, reject };
    const group = this.#join(key, entry);
    const leave = () => this.#leave(key, group, entry);
    signal?.addEventListener("abort", leave, { once: true });
    if (group.entries.length >= this.#options.maxBatch) this.#start(key, group, "full");
    return promise.finally(() => signal?.removeEventListener("abort", leave));
  }

  /** Starts every waiting batch at once and refuses new items. */
  close(): void {
    this.#closed = true;
    for (const [key, group] of this.#groups) this.#start(key, group, "close");
  }

  #join(key: string, entry: Entry<Item, Result>): Group<Item, Result> {
    let group = this.#groups.get(key);
    if (group) {
      group.entries.push(entry);
      return group;
    }
    const created: Group<Item, Result> = {
      entries: [entry],
      timer: setTimeout(() => this.#start(key, created, "delay"), this.#options.maxDelayMs),
    };
    this.#groups.set(key, created);
    return created;
  }

  /** Removes a waiting item; one that is already running is settled by `#start`. */
  #leave(key: string, group: Group<Item, Result>, entry: Entry<Item, Result>): void {
    entry.reject(entry.signal?.reason);
    if (this.#groups.get(key) !== group) return;
    group.entries = group.entries.filter((other) => other !== entry);
    if (group.entries.length === 0) {
      clearTimeout(group.timer);
      this.#groups.delete(key);
    }
  }

  #start(key: string, group: Group<Item, Result>, reason: DispatchReason): void {
    clearTimeout(group.timer);
    if (this.#groups.get(key) === group) this.#groups.delete(key);
    void this.#run(group.entries, reason);
  }

  async #run(entries: Entry<Item, Result>[], reason: DispatchReason): Promise<void> {
    const { name, run, onDispatch } = this.#options;
    const abandoned = abortWhenAll(entries.map(({ signal }) => signal));
    const items = entries.map(({ item }) => item);
    const attributes = {
      [ATTRIBUTES.batchQueue]: name,
      [ATTRIBUTES.batchSize]: entries.length,
      [ATTRIBUTES.batchReason]: reason,
    };
    onDispatch?.(entries.length, reason);
    try {
      const rows = entries.map(({ trace }) => trace);
      const results = await withBatchSpan(`batch ${name}`, { rows, attributes }, () => run(items, abandoned.signal));
      if (results.length !== entries.length)
        throw new RangeError(`a batch of ${entries.length} gave ${results.length} results`);
      for (const [index, entry] of entries.entries()) entry.resolve(results[index] as Result);
    } catch (error) {
      for (const entry of entries) entry.reject(error);
    } finally {
      abandoned.release();
    }
  }
}

/** Aborts once all signals are aborted; never when one of them is missing. */
function abortWhenAll(signals: (AbortSignal | undefined)[]): { signal: AbortSignal; release: () => void } {
  const controller = new AbortController();
  const check = () => {
    if (signals.every((signal) => signal?.aborted)) controller.abort(signals[0]?.reason);
  };
  for (const signal of signals) signal?.addEventListener("abort", check);
  const release = () => {
    for (const signal of signals) signal?.removeEventListener("abort", check);
  };
  return { signal: controller.signal, release };
}
