import { context as otel } from "@opentelemetry/api";
import { MoodError } from "./errors/mood-error.ts";
import type { Metrics } from "./telemetry/metrics.ts";
import { recordSpan, sampledTraceId } from "./telemetry/trace.ts";

/** Options of {@link BoundedQueue}. */
export interface BoundedQueueOptions {
  /** Name in errors and metrics. */
  readonly name: string;
  /** Tasks that run at the same time, at least 1. */
  readonly concurrency: number;
  /** Tasks that may wait, at least 0. */
  readonly maxQueue: number;
  readonly metrics?: Metrics;
}

/** The right to run; give it back with `release` (or `using`). */
export interface Slot extends Disposable {
  /** Milliseconds spent waiting. */
  readonly queuedMs: number;
  /** Lets the next task run. Further calls do nothing. */
  release(): void;
}

/** Running tasks whose durations the estimate of the waiting time rests on. */
const REMEMBERED_DURATIONS = 16;

/** Shorter waits get no span. */
const NOTED_WAIT_MS = 1;

interface Waiter {
  readonly start: () => void;
}

/**
 * Lets `concurrency` tasks run and `maxQueue` wait, first come first served. A task beyond that is refused with RESOURCE_EXHAUSTED, reason QUEUE_FULL, and
 * `details.retryAfterSeconds` estimated from recent durations. A waiting task whose signal aborts leaves the queue.
 */
export class BoundedQueue {
  readonly #options: BoundedQueueOptions;
  readonly #waiting = new Set<Waiter>();
  readonly #durations: number[] = [];
  #running = 0;

  constructor(options: BoundedQueueOptions) {
    if (!(options.concurrency >= 1) || !(options.maxQueue >= 0)) {
      throw new RangeError(`queue ${options.name}: concurrency must be at least 1 and maxQueue at least 0`);
    }
    this.#options = options;
  }

  /** Tasks that run now. */
  get running(): number {
    return this.#running;
  }

  /** Tasks that wait now. */
  get waiting(): number {
    return this.#waiting.size;
  }

  /** Seconds until a task that came now would likely be taken, at least 1. */
  get retryAfterSeconds(): number {
    const known = this.#durations;
    const meanMs = known.length === 0 ? 1000 : known.reduce((sum, ms) => sum + ms, 0) / known.length;
    return Math.max(1, Math.ceil((meanMs * (this.#waiting.size + 1)) / this.#options.concurrency / 1000));
  }

  /** Runs `task` when its turn comes. */
  async run<T>(task: (slot: Slot) => Promise<T> | T, options: { signal?: AbortSignal | undefined } = {}): Promise<T> {
    using slot = await this.acquire(options);
    return await task(slot);
  }

  /**
   * Waits for the right to run.
   * @throws MoodError RESOURCE_EXHAUSTED, reason QUEUE_FULL. Throws the signal's reason when it aborts while waiting.
   */
  async acquire({ signal }: { signal?: AbortSignal | undefined } = {}): Promise<Slot> {
    signal?.throwIfAborted();
    const since = Date.now();
    const startedAt = performance.now();
    if (this.#running < this.#options.concurrency) this.#running += 1;
    else await this.#wait(signal);
    this.#report();
    return this.#slot(performance.now() - startedAt, since);
  }

  #wait(signal: AbortSignal | undefined): Promise<void> {
    const { name, maxQueue, metrics } = this.#options;
    if (this.#waiting.size >= maxQueue) {
      metrics?.queueRefused.inc({ queue: name });
      const retryAfterSeconds = this.retryAfterSeconds;
      const text = `the ${name} queue is full: ${this.#running} running, ${this.#waiting.size} waiting; try again in ${retryAfterSeconds} s`;
      throw new MoodError("RESOURCE_EXHAUSTED", "QUEUE_FULL", text, { details: { retryAfterSeconds } });
    }
    return new Promise((resolve, reject) => {
      const leave = () => {
        this.#waiting.delete(waiter);
        this.#report();
        reject(signal?.reason);
      };
      const start = () => {
        signal?.removeEventListener("abort", leave);
        resolve();
      };
      const waiter: Waiter = { start };
      this.#waiting.add(waiter);
      signal?.addEventListener("abort", leave, { once: true });
      this.#report();
    });
  }

  #slot(queuedMs: number, since: number): Slot {
    if (queuedMs >= NOTED_WAIT_MS && sampledTraceId(otel.active()) !== undefined) {
      recordSpan(`wait for ${this.#options.name}`, { startMs: since, endMs: Date.now() });
    }
    this.#options.metrics?.queueWait.observe({ queue: this.#options.name }, queuedMs / 1000);
    const startedAt = performance.now();
    let held = true;
    const release = () => {
      if (!held) return;
      held = false;
      this.#durations.push(performance.now() - startedAt);
      if (this.#durations.length > REMEMBERED_DURATIONS) this.#durations.shift();
      this.#handOver();
    };
    return { queuedMs, release, [Symbol.dispose]: release };
  }

  /** Passes a freed place to the first waiting task; the count of running tasks then stays. */
  #handOver(): void {
    const [next] = this.#waiting;
    if (next) {
      this.#waiting.delete(next);
      next.start();
    } else {
      this.#running -= 1;
    }
    this.#report();
  }

  #report(): void {
    const { name, metrics } = this.#options;
    metrics?.queueDepth.set({ queue: name }, this.#waiting.size);
    metrics?.queueRunning.set({ queue: name }, this.#running);
  }
}
