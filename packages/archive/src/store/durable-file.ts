import { randomUUID } from "node:crypto";
import { mkdir, open, rename, unlink, type FileHandle } from "node:fs/promises";
import { basename, dirname, join } from "node:path";

/** Prefix of files that are being written; whatever carries it after a crash is rubbish. */
export const PARTIAL_PREFIX = ".partial-";

/** Bytes that wait before they are written together. */
const BUFFER_BYTES = 1 << 20;

/** Writes a file whole or not at all, also across a power cut: bytes reach the disk before the name does. Makes the folder when missing. */
export async function writeDurably(path: string, data: Uint8Array | string): Promise<void> {
  const file = await DurableFile.create(path);
  try {
    await file.write(typeof data === "string" ? Buffer.from(data) : data);
    await file.commit();
  } catch (error) {
    await file.discard();
    throw error;
  }
}

/** A file that appears under its name only by `commit`. */
export class DurableFile {
  readonly path: string;
  readonly #partial: string;
  readonly #handle: FileHandle;
  #bytes = 0;
  #waiting: Uint8Array[] = [];
  #waitingBytes = 0;

  private constructor(path: string, partial: string, handle: FileHandle) {
    this.path = path;
    this.#partial = partial;
    this.#handle = handle;
  }

  static async create(path: string): Promise<DurableFile> {
    await mkdir(dirname(path), { recursive: true });
    const partial = join(
      dirname(path),
      `${PARTIAL_PREFIX}${basename(path)}-${process.pid}-${randomUUID().slice(0, 8)}`,
    );
    return new DurableFile(path, partial, await open(partial, "wx"));
  }

  /** Bytes written so far. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Takes bytes, which must not change any more; small pieces are written together. */
  async write(data: Uint8Array): Promise<void> {
    this.#waiting.push(data);
    this.#waitingBytes += data.byteLength;
    this.#bytes += data.byteLength;
    if (this.#waitingBytes >= BUFFER_BYTES) await this.#flush();
  }

  /** Brings the bytes to the disk and gives the file its name. */
  async commit(): Promise<void> {
    await this.#flush();
    await this.#handle.sync();
    await this.#handle.close();
    await rename(this.#partial, this.path);
    await syncFolder(dirname(this.path));
  }

  async #flush(): Promise<void> {
    const pieces = this.#waiting;
    this.#waiting = [];
    this.#waitingBytes = 0;
    if (pieces.length > 0) await this.#handle.writeFile(Buffer.concat(pieces));
  }

  /** Forgets what was written. */
  async discard(): Promise<void> {
    await this.#handle.close().catch(() => undefined);
    await unlink(this.#partial).catch(() => undefined);
  }
}

/** Brings a folder's names to the disk. */
async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, "r");
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}
