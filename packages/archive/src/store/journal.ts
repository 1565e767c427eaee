import { appendFile, open, rm, type FileHandle } from "node:fs/promises";
import { mkdir } from "node:fs/promises";
import { dirname } from "node:path";
import { readTextIfPresent } from "./present-file.ts";
import { formatLines } from "./unit.ts";

/** One record of an unfinished unit that is already processed. */
interface Entry<T> {
  readonly index: number;
  readonly outcome: T;
}

/**
 * What an unfinished unit of a slow stage has done so far, so that a killed process loses at most the records in work. A line that a kill cut
 * short is dropped; a journal of another fingerprint is begun anew.
 */
export class Journal<T> {
  /** Outcomes by index of the record in its unit. */
  readonly done: ReadonlyMap<number, T>;
  readonly #path: string;
  readonly #handle: FileHandle;

  private constructor(path: string, handle: FileHandle, done: ReadonlyMap<number, T>) {
    this.#path = path;
    this.#handle = handle;
    this.done = done;
  }

  static async open<T>(path: string, fingerprint: string): Promise<Journal<T>> {
    await mkdir(dirname(path), { recursive: true });
    const text = (await readTextIfPresent(path)) ?? "";
    const whole = text.slice(0, text.lastIndexOf("\n") + 1);
    const [head, ...lines] = whole.split("\n").filter((line) => line !== "");
    const done = new Map<number, T>();
    if (head === JSON.stringify({ fingerprint })) {
      for (const line of lines) {
        const { index, outcome } = JSON.parse(line) as Entry<T>;
        done.set(index, outcome);
      }
      if (whole.length < text.length) await truncateTo(path, Buffer.byteLength(whole));
    } else {
      await rm(path, { force: true });
      await appendFile(path, formatLines([{ fingerprint }]));
    }
    return new Journal(path, await open(path, "a"), done);
  }

  async add(index: number, outcome: T): Promise<void> {
    await this.#handle.appendFile(formatLines([{ index, outcome }]));
  }

  /** Keeps what is there for the next run. */
  close(): Promise<void> {
    return this.#handle.close();
  }

  /** The unit is committed: nothing of the journal is needed any more. */
  async remove(): Promise<void> {
    await this.#handle.close();
    await rm(this.#path, { force: true });
  }
}

async function truncateTo(path: string, bytes: number): Promise<void> {
  const handle = await open(path, "r+");
  try {
    await handle.truncate(bytes);
  } finally {
    await handle.close();
  }
}
