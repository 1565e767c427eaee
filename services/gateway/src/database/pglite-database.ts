import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { Worker } from "node:worker_threads";
import { MoodError } from "@moodifier/service-kit";
import type { Database, Row } from "./database.ts";
import { acquireLock, type FolderLock } from "./folder-lock.ts";
import { tidyPglite } from "./pglite-upkeep.ts";
import type { WorkerAnswer, WorkerRequest } from "./pglite-protocol.ts";

type Plain<T> = T extends unknown ? Omit<T, "id"> : never;

// Under Vitest and Node's type stripping this file is the .ts source, in production the built .js.
const extension = import.meta.url.endsWith(".ts") ? "ts" : "js";
const workerUrl = new URL(`./pglite-worker.${extension}`, import.meta.url);

/**
 * PostgreSQL inside this process (PGlite), in a worker thread. `folder` keeps the data and takes a lock, because a second process would damage it; without a folder everything lives in
 * memory. Survives the death of the process, but not a power cut: PGlite does not sync to disk.
 * Errors: FAILED_PRECONDITION (DATA_DIR_LOCKED) when another process uses the folder.
 */
export async function openPglite(folder?: string): Promise<Database> {
  if (folder === undefined) return new PgliteDatabase(await startWorker(undefined), undefined);
  await mkdir(folder, { recursive: true });
  const lock = await acquireLock(join(folder, "database.lock"));
  try {
    return new PgliteDatabase(await startWorker(join(folder, "database")), lock);
  } catch (error) {
    await lock.release();
    throw error;
  }
}

async function startWorker(folder: string | undefined): Promise<Worker> {
  const worker = new Worker(workerUrl, { name: "moodifier-database", execArgv: [], workerData: { folder } });
  await new Promise<void>((resolve, reject) => {
    worker.once("message", () => resolve());
    worker.once("error", reject);
    worker.once("exit", (code) => reject(new Error(`the database thread ended with code ${code}`)));
  });
  return worker;
}

/** Pause between the times at which the database is tidied, in milliseconds. */
const tidyMs = 60_000;

class PgliteDatabase implements Database {
  readonly kind = "pglite";
  readonly #worker: Worker;
  readonly #lock: FolderLock | undefined;
  readonly #pending = new Map<number, PromiseWithResolvers<unknown>>();
  readonly #listeners = new Map<string, Set<(payload: string) => void>>();
  #nextId = 1;
  /** Ends when nobody holds the one connection. */
  #free: Promise<unknown> = Promise.resolve();
  #ended: Error | undefined;
  #closing: Promise<void> | undefined;
  readonly #upkeep: NodeJS.Timeout;

  constructor(worker: Worker, lock: FolderLock | undefined) {
    this.#worker = worker;
    this.#lock = lock;
    worker.on("message", (answer: WorkerAnswer) => this.#receive(answer));
    worker.on("error", (error) => this.#end(error));
    worker.on("exit", () => this.#end(new Error("the database thread has ended")));
    // The database alone must not keep the process alive.
    worker.unref();
    // What can't be tidied now is at the next time.
    this.#upkeep = setInterval(() => void tidyPglite(this).catch(() => undefined), tidyMs).unref();
  }

  query<T extends object = Row>(sql: string, params: readonly unknown[] = []): Promise<T[]> {
    return this.#alone(() => this.#query<T>(sql, params));
  }

  transaction<R>(work: (tx: Database) => Promise<R>): Promise<R> {
    return this.#alone(async () => {
      await this.#query("BEGIN", []);
      try {
        const result = await work(this.#joined());
        await this.#query("COMMIT", []);
        return result;
      } catch (error) {
        await this.#query("ROLLBACK", []).catch(() => undefined);
        throw error;
      }
    });
  }

  async listen(channel: string, onNotice: (payload: string) => void): Promise<() => Promise<void>> {
    const known = this.#listeners.get(channel);
    const listeners = known ?? new Set();
    listeners.add(onNotice);
    this.#listeners.set(channel, listeners);
    if (!known) await this.#alone(() => this.#ask({ kind: "listen", channel }));
    return async () => void listeners.delete(onNotice);
  }

  close(): Promise<void> {
    return (this.#closing ??= this.#close());
  }

  async #close(): Promise<void> {
    clearInterval(this.#upkeep);
    await this.#alone(() => this.#ask({ kind: "close" })).catch(() => undefined);
    await this.#worker.terminate();
    await this.#lock?.release();
  }

  #joined(): Database {
    const tx: Database = {
      kind: this.kind,
      query: (sql, params = []) => this.#query(sql, params),
      transaction: (work) => work(tx),
      listen: (channel, onNotice) => this.listen(channel, onNotice),
      close: () => Promise.resolve(),
    };
    return tx;
  }

  /** Runs `work` when whoever came before has left the connection. */
  #alone<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#free.then(work);
    this.#free = turn.catch(() => undefined);
    return turn;
  }

  async #query<T extends object>(sql: string, params: readonly unknown[]): Promise<T[]> {
    const rows = (await this.#ask({ kind: "query", sql, params })) as Record<string, unknown>[];
    for (const row of rows) {
      // A Buffer crosses the thread border as a plain byte array.
      for (const [name, value] of Object.entries(row)) if (value instanceof Uint8Array) row[name] = toBuffer(value);
    }
    return rows as T[];
  }

  #ask(request: Plain<WorkerRequest>): Promise<unknown> {
    if (this.#ended) throw closed(this.#ended);
    const id = this.#nextId;
    this.#nextId += 1;
    const answer = Promise.withResolvers<unknown>();
    if (this.#pending.size === 0) this.#worker.ref();
    this.#pending.set(id, answer);
    this.#worker.postMessage({ ...request, id });
    return answer.promise;
  }

  #receive(answer: WorkerAnswer): void {
    if (answer.kind === "notice") {
      for (const onNotice of this.#listeners.get(answer.channel) ?? []) onNotice(answer.payload);
      return;
    }
    if (answer.kind === "ready") return;
    const pending = this.#pending.get(answer.id);
    this.#pending.delete(answer.id);
    if (this.#pending.size === 0) this.#worker.unref();
    if (answer.kind === "done") pending?.resolve(answer.value);
    else pending?.reject(Object.assign(new Error(answer.message), { code: answer.code, stack: answer.stack }));
  }

  #end(error: Error): void {
    this.#ended ??= error;
    for (const { reject } of this.#pending.values()) reject(closed(error));
    this.#pending.clear();
  }
}

function toBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function closed(cause: Error): MoodError {
  return new MoodError("UNAVAILABLE", "DATABASE_UNAVAILABLE", "The embedded database is closed.", { cause });
}
