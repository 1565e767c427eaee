import { MoodError } from "@moodifier/service-kit";
import type { JobChange } from "./job.ts";

export interface ProgressWriterOptions {
  /** Pause before progress is written, in milliseconds; what comes meanwhile goes with it. */
  readonly pauseMs: number;
  /** Whether new stages wait too. Otherwise they are written at once. */
  readonly patient: boolean;
}

/**
 * Writes the changes of a running job in order, and of progress only the newest, so that the steps of many jobs don't keep the database busy. A database that is away for a moment costs progress, not the job.
 */
export class ProgressWriter {
  readonly #write: (change: JobChange) => Promise<void>;
  readonly #options: ProgressWriterOptions;
  #pending: JobChange | undefined;
  #writing: Promise<void> | undefined;
  #timer: NodeJS.Timeout | undefined;
  #error: unknown;

  constructor(write: (change: JobChange) => Promise<void>, options: ProgressWriterOptions) {
    this.#write = write;
    this.#options = options;
  }

  /** Takes a change. Unless the writer is patient, a new stage is there when the call returns. */
  async write(change: JobChange): Promise<void> {
    this.#throwIfFailed();
    this.#pending = merge(this.#pending, change);
    if (!this.#options.patient && (change.status !== undefined || change.plan !== undefined)) return this.flush();
    this.#timer ??= setTimeout(() => this.#drain(), this.#options.pauseMs);
  }

  /** Resolves when everything is written. */
  async flush(): Promise<void> {
    while (this.#pending || this.#writing) {
      this.#drain();
      await this.#writing;
    }
    this.#throwIfFailed();
  }

  /** Ends the writer: the last change with all that has not been written yet. */
  async finish(last: JobChange): Promise<JobChange> {
    clearTimeout(this.#timer);
    await this.#writing;
    this.#throwIfFailed();
    return merge(this.#pending, last);
  }

  #throwIfFailed(): void {
    if (this.#error !== undefined) throw this.#error;
  }

  #drain(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#writing ??= this.#writePending().finally(() => {
      this.#writing = undefined;
    });
  }

  async #writePending(): Promise<void> {
    const change = this.#pending;
    this.#pending = undefined;
    try {
      if (change && this.#error === undefined) await this.#write(change);
    } catch (error) {
      if (!(error instanceof MoodError) || error.code !== "UNAVAILABLE") this.#error = error;
    }
  }
}

function merge(first: JobChange | undefined, second: JobChange): JobChange {
  const timings = { ...first?.timings, ...second.timings };
  return { ...first, ...second, ...(Object.keys(timings).length > 0 && { timings }) };
}
