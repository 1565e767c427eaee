import type { JobEvent } from "./job.ts";

/** A job's events in memory, with any number of readers that may join late. */
export class EventLog {
  #events: JobEvent[] = [];
  #ended = false;
  /** Resolved, and replaced, at each append. */
  #next = Promise.withResolvers<void>();

  /** Adds an event. Only the newest event that carries a preview keeps its picture. `last` ends the log. */
  append(event: JobEvent, last: boolean): void {
    if (event.preview) this.#events = this.#events.map(({ preview: _dropped, ...rest }) => rest);
    this.#events.push(event);
    this.#ended = last;
    this.#next.resolve();
    this.#next = Promise.withResolvers<void>();
  }

  /** Ends the log without a last event. */
  end(): void {
    this.#ended = true;
    this.#next.resolve();
  }

  /** The events after number `after`, then each new one. Ends after the last event or quietly when `signal` aborts. */
  async *read(after: number, signal: AbortSignal): AsyncGenerator<JobEvent> {
    const aborted = Promise.withResolvers<void>();
    const onAbort = (): void => aborted.resolve();
    signal.addEventListener("abort", onAbort, { once: true });
    try {
      let seen = after;
      while (!signal.aborted) {
        const next = this.#next.promise;
        for (const event of this.#events.filter(({ sequence }) => sequence > seen)) {
          seen = event.sequence;
          yield event;
          if (signal.aborted) return;
        }
        const newest = this.#events.at(-1)?.sequence ?? 0;
        if (newest > seen) continue;
        if (this.#ended) return;
        await Promise.race([next, aborted.promise]);
      }
    } finally {
      signal.removeEventListener("abort", onAbort);
    }
  }
}
