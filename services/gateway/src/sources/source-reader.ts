import { GetObjectCommand, paginateListObjectsV2, type S3Client } from "@aws-sdk/client-s3";
import { type AddressPolicy, MoodError, sendOutbound } from "@moodifier/service-kit";
import { quote, refuse } from "../http/refuse.ts";
import { readAll } from "../storage/object-key.ts";
import { explainS3, isMissing } from "../storage/s3-errors.ts";
import type { Storage } from "../storage/storage.ts";
import { checkPlace, type Place } from "./open-places.ts";
import type { Reference } from "./reference.ts";
import type { UploadStore } from "./upload-store.ts";

export interface SourceLimits {
  /** Largest picture in bytes. */
  readonly maxBytes: number;
  /** Longest time for one picture, in milliseconds. */
  readonly timeoutMs: number;
  /** Buckets and folders that batches may read and write, see {@link checkPlace}; of others not even the existence is told. */
  readonly buckets: readonly string[];
  /** Which addresses URLs may lead to. */
  readonly policy?: AddressPolicy;
}

export interface SourceParts {
  readonly storage: Storage;
  readonly uploads: UploadStore;
  readonly s3: S3Client;
}

/** Reads the pictures that rows refer to. */
export class SourceReader {
  readonly #parts: SourceParts;
  readonly #limits: SourceLimits;

  constructor(parts: SourceParts, limits: SourceLimits) {
    this.#parts = parts;
    this.#limits = limits;
  }

  /** The picture's bytes. Errors: those of the URL, the storage, S3 and uploads; SOURCE_MISSING, SOURCE_REFUSED, SOURCE_UNAVAILABLE for answers of a URL's server. */
  async read(reference: Reference, options: { tenantId: string; signal: AbortSignal }): Promise<Buffer> {
    switch (reference.kind) {
      case "url":
        return this.#readUrl(reference.url, options.signal);
      case "s3":
        this.checkPlace({ bucket: reference.bucket, path: reference.key }, options.tenantId);
        return this.#readObject(reference, options.signal);
      case "upload": {
        const { key } = await this.#parts.uploads.require(options.tenantId, reference.id);
        return readAll(await this.#parts.storage.get(key, { signal: options.signal }));
      }
    }
  }

  /** The objects below a folder whose names end like pictures, in the order of their names. Errors: BUCKET_FORBIDDEN, those of S3. */
  async *list(place: Place, { tenantId, signal }: { tenantId: string; signal?: AbortSignal }): AsyncGenerator<string> {
    this.checkPlace(place, tenantId);
    const { bucket, path } = place;
    const folder = path === "" ? "" : `${path}/`;
    const pages = paginateListObjectsV2({ client: this.#parts.s3 }, { Bucket: bucket, Prefix: folder });
    try {
      for await (const page of pages) {
        signal?.throwIfAborted();
        for (const { Key = "" } of page.Contents ?? []) if (/\.(?:png|jpe?g|webp)$/i.test(Key)) yield Key;
      }
    } catch (error) {
      throw explainS3(error, bucket);
    }
  }

  /** Throws BUCKET_FORBIDDEN unless the operator has opened the place to the tenant's batches. */
  checkPlace(place: Place, tenantId: string): void {
    checkPlace(place, tenantId, this.#limits.buckets);
  }

  async #readUrl(url: string, signal: AbortSignal): Promise<Buffer> {
    const { maxBytes, timeoutMs, policy } = this.#limits;
    const { status, body, headers } = await sendOutbound(
      { url, headers: { Accept: "image/png, image/jpeg, image/webp" } },
      { maxBytes, timeoutMs, maxRedirects: 5, signal, ...(policy && { policy }) },
    );
    if (status >= 200 && status < 300) return body;
    const { origin } = new URL(url);
    const details = { origin, status };
    const text = `${origin} answered ${status} instead of a picture.`;
    if (status === 404 || status === 410) throw new MoodError("NOT_FOUND", "SOURCE_MISSING", text, { details });
    if (status !== 429 && status < 500) throw new MoodError("INVALID_ARGUMENT", "SOURCE_REFUSED", text, { details });
    const after = Number(headers["retry-after"]);
    throw new MoodError("UNAVAILABLE", "SOURCE_UNAVAILABLE", text, {
      details: { ...details, ...(after > 0 && { retryAfterSeconds: Math.min(after, 600) }) },
    });
  }

  async #readObject({ bucket, key }: { bucket: string; key: string }, signal: AbortSignal): Promise<Buffer> {
    const { maxBytes, timeoutMs } = this.#limits;
    const abortSignal = AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]);
    try {
      const { Body, ContentLength = 0 } = await this.#parts.s3.send(
        new GetObjectCommand({ Bucket: bucket, Key: key }),
        { abortSignal },
      );
      if (ContentLength > maxBytes) {
        (Body as { destroy?: () => void } | undefined)?.destroy?.();
        throw refuse("OBJECT_TOO_LARGE", {
          argument: "image",
          expected: `at most ${maxBytes} bytes`,
          got: String(ContentLength),
        });
      }
      return await readAll(Body as unknown as AsyncIterable<Uint8Array>);
    } catch (error) {
      if (signal.aborted) throw signal.reason;
      if (isMissing(error)) {
        const text = `The bucket "${bucket}" has no object ${quote(key)}.`;
        throw new MoodError("NOT_FOUND", "SOURCE_MISSING", text, { cause: error, details: { bucket } });
      }
      throw explainS3(error, bucket);
    }
  }
}
