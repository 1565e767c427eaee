import type { Readable } from "node:stream";

/** What storing gave. */
export interface StoredObject {
  /** sha256 of the content, 64 lower-case hex digits: the object's only name. */
  readonly key: string;
  readonly bytes: number;
}

/** What a store knows about an object. */
export interface ObjectInfo extends StoredObject {
  /** When it was stored or last stored again, in milliseconds since the epoch. */
  readonly modifiedAt: number;
}

/** Bytes, or a stream of them that is read once. */
export type Content = Uint8Array | AsyncIterable<Uint8Array>;

export interface PutOptions {
  /** IANA media type, kept where the store can keep one. */
  readonly mediaType?: string;
  /** Largest content in bytes; more is refused with OBJECT_TOO_LARGE. */
  readonly maxBytes?: number;
  readonly signal?: AbortSignal;
}

export interface PresignOptions {
  /** Seconds for which the address works, 1..604,800. */
  readonly ttlSeconds: number;
  /** Media type that the address answers with. */
  readonly mediaType?: string;
  /** File name that a browser saves under. */
  readonly fileName?: string;
}

/**
 * Where pictures live, by the hash of their content. Adapters keep these promises:
 * - an object is there whole or not at all, whatever fails in the middle;
 * - storing the same content again is cheap, gives the same key and renews `modifiedAt`, so that garbage collection spares it;
 * - `get` never hands out other bytes than those that were stored: content that doesn't hash to its key ends the stream with OBJECT_CORRUPT.
 *
 * Errors: MoodError OBJECT_NOT_FOUND, OBJECT_CORRUPT, OBJECT_TOO_LARGE, STORAGE_FULL, STORAGE_UNAVAILABLE, OBJECT_KEY_INVALID.
 */
export interface Storage {
  put(content: Content, options?: PutOptions): Promise<StoredObject>;

  /** The content as a stream. */
  get(key: string, options?: { signal?: AbortSignal }): Promise<Readable>;

  /** Undefined when there is no such object. */
  head(key: string): Promise<ObjectInfo | undefined>;

  /** Does nothing when there is no such object. */
  delete(key: string): Promise<void>;

  /** Every object, in any order. */
  list(options?: { signal?: AbortSignal }): AsyncIterable<ObjectInfo>;

  /** An address from which anybody can read the object for a while; adapters without a server of their own lack it. */
  presign?(key: string, options: PresignOptions): Promise<string>;

  /** Resolves when the store can be written to. */
  check(): Promise<void>;

  close(): Promise<void>;
}
