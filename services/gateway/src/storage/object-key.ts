import { createHash, type Hash } from "node:crypto";
import { Transform, type TransformCallback } from "node:stream";
import { MoodError } from "@moodifier/service-kit";
import { quote, refuse } from "../http/refuse.ts";
import type { Content, StoredObject } from "./storage.ts";

/** Throws OBJECT_KEY_INVALID unless `key` is a sha256 in lower-case hex. What passes is safe in a path. */
export function checkKey(key: string): void {
  if (/^[0-9a-f]{64}$/.test(key)) return;
  throw refuse("OBJECT_KEY_INVALID", { argument: "key", expected: "64 lower-case hex digits", got: quote(key) });
}

/** True for names that objects have. */
export function isKey(text: string): boolean {
  return /^[0-9a-f]{64}$/.test(text);
}

/** The key that content will have. */
export function keyOf(content: Uint8Array): string {
  return createHash("sha256").update(content).digest("hex");
}

/** The whole content in memory. */
export async function readAll(content: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of content) chunks.push(chunk);
  return Buffer.concat(chunks);
}

/** Passes content on, counts and hashes it, and ends with OBJECT_TOO_LARGE once it has more than `maxBytes`. */
export class ContentMeter {
  bytes = 0;
  readonly #hash: Hash = createHash("sha256");
  readonly #maxBytes: number;

  constructor(maxBytes = Number.POSITIVE_INFINITY) {
    this.#maxBytes = maxBytes;
  }

  async *measure(content: Content): AsyncGenerator<Uint8Array> {
    if (content instanceof Uint8Array) {
      yield this.#count(content);
      return;
    }
    for await (const chunk of content) yield this.#count(chunk);
  }

  /** Once, after the content has passed. */
  finish(): StoredObject {
    return { key: this.#hash.digest("hex"), bytes: this.bytes };
  }

  #count(chunk: Uint8Array): Uint8Array {
    this.bytes += chunk.byteLength;
    if (this.bytes > this.#maxBytes) {
      const expected = `at most ${this.#maxBytes} bytes`;
      throw refuse("OBJECT_TOO_LARGE", { argument: "content", expected, got: "more" });
    }
    this.#hash.update(chunk);
    return chunk;
  }
}

/** A stream that fails with OBJECT_CORRUPT, before its end, when what passed isn't the content of `key`. */
export class VerifiedContent extends Transform {
  readonly #key: string;
  readonly #hash = createHash("sha256");
  /** Bytes that have passed. */
  bytes = 0;

  constructor(key: string) {
    super();
    this.#key = key;
  }

  override _transform(chunk: Buffer, _encoding: BufferEncoding, done: TransformCallback): void {
    this.#hash.update(chunk);
    this.bytes += chunk.length;
    done(null, chunk);
  }

  override _flush(done: TransformCallback): void {
    if (this.#hash.digest("hex") === this.#key) done();
    else done(corrupt(this.#key, this.bytes));
  }
}

/** The error for an object whose bytes aren't what its name says. */
export function corrupt(key: string, bytes: number): MoodError {
  const text = `The stored object ${key} is damaged: its ${bytes} bytes have another sha256.`;
  return new MoodError("DATA_LOSS", "OBJECT_CORRUPT", text, { details: { key, bytes } });
}

/** The error for an object that isn't there. */
export function notFound(key: string): MoodError {
  return new MoodError("NOT_FOUND", "OBJECT_NOT_FOUND", `No stored object has the key ${key}.`, { details: { key } });
}

/** The error for a store that has no room left. */
export function storageFull(cause: unknown): MoodError {
  const text = "The storage is full; free some space or shorten the retention.";
  return new MoodError("UNAVAILABLE", "STORAGE_FULL", text, { cause, details: { retryAfterSeconds: 60 } });
}

/** The error for a store that doesn't answer as it should; `what` says what it did. */
export function storageUnavailable(what: string, cause: unknown): MoodError {
  return new MoodError("UNAVAILABLE", "STORAGE_UNAVAILABLE", `The storage ${what}.`, {
    cause,
    details: { retryAfterSeconds: 5 },
  });
}
