import type { Database } from "../database/database.ts";

/** Jobs that somebody waits for, without a look at what happens to them meanwhile. */
export class JobEnds {
  readonly #database: Database;
  readonly #waits = new Map<string, Set<() => void>>();

  constructor(database: Database) {
    this.#database = database;
  }

  /** Resolves when the job has ended or is unknown, or when `signal` aborts. */
  async wait(id: string, signal: AbortSignal): Promise<void> {
    if (signal.aborted) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    const onAbort = (): void => resolve();
    const waits = this.#waits.get(id) ?? new Set();
    this.#waits.set(id, waits.add(resolve));
    signal.addEventListener("abort", onAbort, { once: true });
    try {
      // It may have ended before anybody listened.
      await this.#look([id]);
      await promise;
    } finally {
      signal.removeEventListener("abort", onAbort);
      waits.delete(resolve);
      if (waits.size === 0 && this.#waits.get(id) === waits) this.#waits.delete(id);
    }
  }

  /** A job has ended. */
  tell(id: string): void {
    for (const resolve of this.#waits.get(id) ?? []) resolve();
  }

  /** Finds ends that no notice told of. */
  async lookAtAll(): Promise<void> {
    if (this.#waits.size > 0) await this.#look([...this.#waits.keys()]);
  }

  /** Nobody waits any longer. */
  stop(): void {
    for (const id of this.#waits.keys()) this.tell(id);
  }

  async #look(ids: readonly string[]): Promise<void> {
    const open = await this.#database.query<{ id: string }>(
      "SELECT id FROM job WHERE id = ANY($1::uuid[]) AND finished_at IS NULL",
      [ids],
    );
    const running = new Set(open.map(({ id }) => id));
    for (const id of ids) if (!running.has(id)) this.tell(id);
  }
}
