import { createReadStream } from "node:fs";
import { pipeline, type Readable } from "node:stream";
import {
  DeleteObjectCommand,
  GetObjectCommand,
  HeadBucketCommand,
  HeadObjectCommand,
  paginateListObjectsV2,
  S3Client,
} from "@aws-sdk/client-s3";
import { Upload } from "@aws-sdk/lib-storage";
import { getSignedUrl } from "@aws-sdk/s3-request-presigner";
import { checkKey, corrupt, isKey, notFound, storageUnavailable, VerifiedContent } from "./object-key.ts";
import { explainS3, isMissing } from "./s3-errors.ts";
import { spool, type SpooledContent } from "./spool.ts";
import type { Content, ObjectInfo, PresignOptions, PutOptions, Storage, StoredObject } from "./storage.ts";

/** Size of a part of a large object; smaller content goes in one request. */
const partBytes = 8 * 1024 * 1024;

export interface S3StorageOptions {
  readonly client: S3Client;
  readonly bucket: string;
  /** Put before every key; "" or a path that ends in "/". */
  readonly prefix?: string;
  /** An object that is younger than this many milliseconds isn't sent again when the same content is stored. Less than the grace of garbage collection. */
  readonly renewAfterMs?: number;
}

/** Objects in a bucket of any S3-compatible server, as `<prefix>ab/cdef…`. */
export class S3Storage implements Storage {
  readonly #client: S3Client;
  readonly #bucket: string;
  readonly #prefix: string;
  readonly #renewAfterMs: number;

  constructor({ client, bucket, prefix = "", renewAfterMs = 3_600_000 }: S3StorageOptions) {
    this.#client = client;
    this.#bucket = bucket;
    this.#prefix = prefix;
    this.#renewAfterMs = renewAfterMs;
  }

  /** The key is known only when all content has passed, so content waits in memory or, when large, in a temporary file. */
  async put(content: Content, options: PutOptions = {}): Promise<StoredObject> {
    await using spooled = await spool(content, options);
    const { key, bytes } = spooled;
    const known = await this.head(key);
    const fresh = known?.bytes === bytes && Date.now() - known.modifiedAt < this.#renewAfterMs;
    if (!fresh) await this.#upload(spooled, options);
    return { key, bytes };
  }

  async get(key: string, options: { signal?: AbortSignal } = {}): Promise<Readable> {
    const verified = new VerifiedContent(key);
    const { Body } = await this.#ask(key, (place) =>
      this.#client.send(new GetObjectCommand(place), requestOptions(options.signal)),
    );
    const body = Body as Readable;
    // Before the pipeline's own listener, so that the reader gets our words. The client compares checksums too.
    body.once("error", (error) => {
      const damaged = error.message.startsWith("Checksum mismatch");
      verified.destroy(damaged ? corrupt(key, verified.bytes) : storageUnavailable("broke off in the middle", error));
    });
    pipeline(body, verified, () => undefined);
    return verified;
  }

  async head(key: string): Promise<ObjectInfo | undefined> {
    try {
      const found = await this.#ask(key, (place) => this.#client.send(new HeadObjectCommand(place)));
      return { key, bytes: found.ContentLength ?? 0, modifiedAt: found.LastModified?.getTime() ?? 0 };
    } catch (error) {
      if (isMissing(error)) return undefined;
      throw error;
    }
  }

  async delete(key: string): Promise<void> {
    await this.#ask(key, (place) => this.#client.send(new DeleteObjectCommand(place)));
  }

  async *list(options: { signal?: AbortSignal } = {}): AsyncGenerator<ObjectInfo> {
    const pages = paginateListObjectsV2({ client: this.#client }, { Bucket: this.#bucket, Prefix: this.#prefix });
    try {
      for await (const page of pages) {
        options.signal?.throwIfAborted();
        for (const { Key = "", Size = 0, LastModified } of page.Contents ?? []) {
          const key = Key.slice(this.#prefix.length).replace("/", "");
          if (isKey(key)) yield { key, bytes: Size, modifiedAt: LastModified?.getTime() ?? 0 };
        }
      }
    } catch (error) {
      throw explainS3(error, this.#bucket);
    }
  }

  async presign(key: string, { ttlSeconds, mediaType, fileName }: PresignOptions): Promise<string> {
    const command = new GetObjectCommand({
      ...this.#place(key),
      ...(mediaType !== undefined && { ResponseContentType: mediaType }),
      ...(fileName !== undefined && {
        ResponseContentDisposition: `attachment; filename*=UTF-8''${encodeURIComponent(fileName)}`,
      }),
    });
    return getSignedUrl(this.#client, command, { expiresIn: ttlSeconds });
  }

  async check(): Promise<void> {
    try {
      await this.#client.send(new HeadBucketCommand({ Bucket: this.#bucket }));
    } catch (error) {
      throw explainS3(error, this.#bucket);
    }
  }

  async close(): Promise<void> {
    this.#client.destroy();
  }

  async #upload(spooled: SpooledContent, { mediaType, signal }: PutOptions): Promise<void> {
    const { key, bytes, source } = spooled;
    const upload = new Upload({
      client: this.#client,
      partSize: partBytes,
      queueSize: 2,
      leavePartsOnError: false,
      params: {
        ...this.#place(key),
        // One part goes as a buffer, which the client can send again after a broken connection.
        Body: source.kind === "memory" ? source.data : createReadStream(source.path),
        ...(source.kind === "memory" && {
          ContentLength: bytes,
          ChecksumSHA256: Buffer.from(key, "hex").toString("base64"),
        }),
        ...(mediaType !== undefined && { ContentType: mediaType }),
      },
    });
    const abort = (): void => void upload.abort();
    signal?.addEventListener("abort", abort, { once: true });
    try {
      signal?.throwIfAborted();
      await upload.done();
    } catch (error) {
      if (signal?.aborted) throw signal.reason;
      throw explainS3(error, this.#bucket);
    } finally {
      signal?.removeEventListener("abort", abort);
    }
  }

  #place(key: string): { Bucket: string; Key: string } {
    checkKey(key);
    return { Bucket: this.#bucket, Key: `${this.#prefix}${key.slice(0, 2)}/${key.slice(2)}` };
  }

  async #ask<T>(key: string, send: (place: { Bucket: string; Key: string }) => Promise<T>): Promise<T> {
    try {
      return await send(this.#place(key));
    } catch (error) {
      throw isMissing(error) ? notFound(key) : explainS3(error, this.#bucket);
    }
  }
}

function requestOptions(signal: AbortSignal | undefined): { abortSignal?: AbortSignal } {
  return signal ? { abortSignal: signal } : {};
}
