import { HeadBucketCommand, HeadObjectCommand, PutObjectCommand, type S3Client } from "@aws-sdk/client-s3";
import type { RenderedFile } from "@moodifier/inference";
import { keyOf } from "../../storage/object-key.ts";
import { explainS3, isMissing } from "../../storage/s3-errors.ts";
import type { RowFile } from "../batch.ts";
import { describeFile, type Output, type WriteOptions } from "./output.ts";

/** Files below a prefix of a bucket. The server checks each body against its sha256, so that half a file never becomes an object. */
export class S3Output implements Output {
  readonly #client: S3Client;
  readonly #bucket: string;
  readonly #prefix: string;

  constructor(client: S3Client, place: { bucket: string; prefix: string }) {
    this.#client = client;
    this.#bucket = place.bucket;
    this.#prefix = place.prefix === "" ? "" : `${place.prefix}/`;
  }

  async write(name: string, file: RenderedFile, { signal }: WriteOptions): Promise<RowFile> {
    const sha256 = keyOf(file.data);
    const place = { Bucket: this.#bucket, Key: this.#prefix + name };
    try {
      if (!(await this.#has(place, sha256, file.data.length, signal))) {
        const command = new PutObjectCommand({
          ...place,
          Body: file.data,
          ContentType: file.mediaType,
          ChecksumSHA256: Buffer.from(sha256, "hex").toString("base64"),
          Metadata: { sha256 },
        });
        await this.#client.send(command, { abortSignal: signal });
      }
    } catch (error) {
      if (signal.aborted) throw signal.reason;
      throw explainS3(error, this.#bucket);
    }
    return { ...describeFile(name, sha256, file), url: `s3://${place.Bucket}/${place.Key}` };
  }

  async check(): Promise<void> {
    try {
      await this.#client.send(new HeadBucketCommand({ Bucket: this.#bucket }));
    } catch (error) {
      throw explainS3(error, this.#bucket);
    }
  }

  /** Whether an earlier attempt has written this very file. */
  async #has(
    place: { Bucket: string; Key: string },
    sha256: string,
    bytes: number,
    signal: AbortSignal,
  ): Promise<boolean> {
    try {
      const head = await this.#client.send(new HeadObjectCommand(place), { abortSignal: signal });
      return head.Metadata?.["sha256"] === sha256 && head.ContentLength === bytes;
    } catch (error) {
      if (isMissing(error)) return false;
      throw error;
    }
  }
}
