import { MoodError } from "@moodifier/service-kit";
import type { JobChange } from "./job.ts";

/**
 * Writes the changes of a running job in order without making its work wait for each: of progress that comes while another write runs, only the newest is written. A database that is away for a moment costs
 * progress, not the job.
 */
export class ProgressWriter {
  readonly #write: (change: JobChange) => Promise<void>;
  #pending: JobChange | undefined;
  #writing: Promise<void> | undefined;
  #error: unknown;

  constructor(write: (change: JobChange) => Promise<void>) {
    this.#write = write;
  }

  /** Takes a change. What is more than progress keeps its place: nothing that came before it is written after it. */
  async write(change: JobChange): Promise<void> {
    if (this.#error !== undefined) throw this.#error;
    if (this.#pending) this.#pending = merge(this.#pending, change);
    else this.#pending = change;
    this.#writing ??= this.#drain();
    // Progress goes on its way; a new stage is there when the call returns.
    if (change.status !== undefined || change.plan !== undefined) await this.flush();
  }

  /** Resolves when everything is written. */
  async flush(): Promise<void> {
    while (this.#writing) await this.#writing;
    if (this.#error !== undefined) throw this.#error;
  }

  async #drain(): Promise<void> {
    try {
      for (let change = this.#pending; change; change = this.#pending) {
        this.#pending = undefined;
        await this.#write(change).catch((error: unknown) => {
          if (!(error instanceof MoodError) || error.code !== "UNAVAILABLE") throw error;
        });
      }
    } catch (error) {
      this.#error = error;
    } finally {
      this.#writing = undefined;
    }
  }
}

function merge(first: JobChange, second: JobChange): JobChange {
  const timings = { ...first.timings, ...second.timings };
  return { ...first, ...second, ...(Object.keys(timings).length > 0 && { timings }) };
}
