import { randomUUID } from "node:crypto";
import { createReadStream } from "node:fs";
import {
  access,
  constants,
  type FileHandle,
  mkdir,
  open,
  opendir,
  rename,
  rm,
  stat,
  statfs,
  utimes,
} from "node:fs/promises";
import { dirname, join } from "node:path";
import { pipeline, type Readable } from "node:stream";
import { MoodError } from "@moodifier/service-kit";
import {
  checkKey,
  ContentMeter,
  isKey,
  keyOf,
  notFound,
  storageFull,
  storageUnavailable,
  VerifiedContent,
} from "./object-key.ts";
import type { Content, ObjectInfo, PutOptions, Storage, StoredObject } from "./storage.ts";

/** Unfinished files older than this belong to a process that died, in milliseconds. */
const abandonedAfterMs = 24 * 3600 * 1000;

/** With less room than this for a picture the disk counts as full. */
const leastFreeBytes = 1024 * 1024;

/** Objects as files `objects/ab/cdef…` under a folder. Content is written to `partial/`, synced, and renamed into place. */
export class FilesystemStorage implements Storage {
  readonly #root: string;

  private constructor(root: string) {
    this.#root = root;
  }

  /** Makes the folder where it is missing. Throws STORAGE_UNAVAILABLE when it can't be written. */
  static async open(root: string): Promise<FilesystemStorage> {
    const storage = new FilesystemStorage(root);
    await guard(async () => {
      await mkdir(join(root, "objects"), { recursive: true });
      await mkdir(join(root, "partial"), { recursive: true });
    });
    await storage.#removeAbandoned();
    return storage;
  }

  async put(content: Content, options: PutOptions = {}): Promise<StoredObject> {
    options.signal?.throwIfAborted();
    if (content instanceof Uint8Array && content.byteLength <= (options.maxBytes ?? Infinity)) {
      const known = { key: keyOf(content), bytes: content.byteLength };
      if (await guard(() => this.#renew(known))) return known;
    }
    const meter = new ContentMeter(options.maxBytes);
    const partial = join(this.#root, "partial", randomUUID());
    try {
      await writeDurably(partial, meter.measure(content), options.signal);
      const stored = meter.finish();
      await guard(() => this.#settle(partial, stored));
      return stored;
    } finally {
      await rm(partial, { force: true }).catch(() => undefined);
    }
  }

  async get(key: string, options: { signal?: AbortSignal } = {}): Promise<Readable> {
    if (!(await this.head(key))) throw notFound(key);
    const verified = new VerifiedContent(key);
    pipeline(createReadStream(this.#pathOf(key), options), verified, () => undefined);
    return verified;
  }

  async head(key: string): Promise<ObjectInfo | undefined> {
    checkKey(key);
    try {
      const { size, mtimeMs } = await stat(this.#pathOf(key));
      return { key, bytes: size, modifiedAt: mtimeMs };
    } catch (error) {
      if (codeOf(error) === "ENOENT") return undefined;
      throw explain(error);
    }
  }

  async delete(key: string): Promise<void> {
    checkKey(key);
    await guard(() => rm(this.#pathOf(key), { force: true }));
  }

  async *list(options: { signal?: AbortSignal } = {}): AsyncGenerator<ObjectInfo> {
    const folder = await guard(() => opendir(join(this.#root, "objects"), { recursive: true }));
    for await (const entry of folder) {
      options.signal?.throwIfAborted();
      const key = `${entry.parentPath.slice(-2)}${entry.name}`;
      const info = entry.isFile() && isKey(key) ? await this.head(key) : undefined;
      if (info) yield info;
    }
  }

  async check(): Promise<void> {
    await guard(() => access(join(this.#root, "partial"), constants.W_OK));
    const { bavail, bsize } = await guard(() => statfs(this.#root));
    if (bavail * bsize < leastFreeBytes) throw storageFull(undefined);
  }

  async close(): Promise<void> {
    // Nothing is held open.
  }

  /** Renews the age of an object that is there. A file of another length was damaged from outside; a good copy is to replace it. */
  async #renew({ key, bytes }: StoredObject): Promise<boolean> {
    if ((await this.head(key))?.bytes !== bytes) return false;
    const now = new Date();
    return utimes(this.#pathOf(key), now, now).then(
      () => true,
      (error: unknown) => {
        // Somebody has just deleted it.
        if (codeOf(error) === "ENOENT") return false;
        throw error;
      },
    );
  }

  async #settle(partial: string, stored: StoredObject): Promise<void> {
    if (await this.#renew(stored)) return;
    const path = this.#pathOf(stored.key);
    await mkdir(dirname(path), { recursive: true });
    await rename(partial, path);
    await syncFolder(dirname(path));
  }

  #pathOf(key: string): string {
    return join(this.#root, "objects", key.slice(0, 2), key.slice(2));
  }

  async #removeAbandoned(): Promise<void> {
    const folder = await guard(() => opendir(join(this.#root, "partial")));
    for await (const entry of folder) {
      const path = join(entry.parentPath, entry.name);
      const found = await stat(path).catch(() => undefined);
      if (found && Date.now() - found.mtimeMs > abandonedAfterMs) await rm(path, { force: true });
    }
  }
}

/** Faults of the content's source pass as they are; faults of the file are the storage's. */
async function writeDurably(path: string, content: AsyncIterable<Uint8Array>, signal?: AbortSignal): Promise<void> {
  await using file = await guard(() => open(path, "wx", 0o640));
  for await (const chunk of content) {
    signal?.throwIfAborted();
    await guard(() => writeWhole(file, chunk));
  }
  await guard(() => file.sync());
}

/** One `write` may take less than all of it. */
async function writeWhole(file: FileHandle, chunk: Uint8Array): Promise<void> {
  for (let at = 0; at < chunk.byteLength;) {
    const { bytesWritten } = await file.write(chunk, at);
    at += bytesWritten;
  }
}

/** Makes the new name survive a power cut too. */
async function syncFolder(path: string): Promise<void> {
  await using folder = await open(path, "r");
  await folder.sync();
}

async function guard<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw explain(error);
  }
}

/** A fault of the file system in our words; anything else as it is. */
function explain(error: unknown): unknown {
  if (error instanceof MoodError) return error;
  const code = codeOf(error);
  if (code === "ENOSPC" || code === "EDQUOT") return storageFull(error);
  const system = error instanceof Error && "syscall" in error;
  return system ? storageUnavailable(`folder can't be used (${code})`, error) : error;
}

function codeOf(error: unknown): string | undefined {
  return error instanceof Error && "code" in error ? String(error.code) : undefined;
}
