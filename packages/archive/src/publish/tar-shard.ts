import { createHash } from "node:crypto";
import { pack } from "tar-stream";
import { captionOf, type ScoredRecord } from "../record.ts";
import type { FileFacts } from "./parquet-index.ts";
import { DurableFile } from "../store/durable-file.ts";

const EXTENSIONS: Readonly<Record<string, string>> = { "image/png": "png", "image/jpeg": "jpg", "image/webp": "webp" };

/** A record with its picture. */
export interface Sample {
  readonly record: ScoredRecord;
  readonly bytes: Uint8Array;
}

/**
 * Writes a WebDataset shard: for each sample `ID.png|jpg|webp`, `ID.txt` (the caption) and `ID.json` (everything else). Times, owners and modes are fixed, so that the
 * same samples give the same bytes.
 */
export async function writeTarShard(path: string, samples: AsyncIterable<Sample>): Promise<FileFacts> {
  const file = await DurableFile.create(path);
  const digest = createHash("sha256");
  const tar = pack();
  const writing = (async () => {
    for await (const chunk of tar as AsyncIterable<Buffer>) {
      digest.update(chunk);
      await file.write(chunk);
    }
  })();
  try {
    for await (const sample of samples) {
      for (const [name, data] of describeSample(sample)) await addEntry(tar, name, data);
    }
    tar.finalize();
    await writing;
    await file.commit();
  } catch (error) {
    tar.destroy();
    await writing.catch(() => undefined);
    await file.discard();
    throw error;
  }
  return { bytes: file.bytes, sha256: digest.digest("hex") };
}

function describeSample({ record, bytes }: Sample): [string, Uint8Array][] {
  const { blob: _, ...facts } = record;
  return [
    [`${record.id}.${EXTENSIONS[record.mediaType] ?? "bin"}`, bytes],
    [`${record.id}.txt`, Buffer.from(captionOf(record.annotation))],
    [`${record.id}.json`, Buffer.from(JSON.stringify(facts))],
  ];
}

function addEntry(tar: ReturnType<typeof pack>, name: string, data: Uint8Array): Promise<void> {
  const header = { name, size: data.byteLength, mode: 0o644, uid: 0, gid: 0, mtime: new Date(0), uname: "", gname: "" };
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const buffer = Buffer.from(data.buffer, data.byteOffset, data.byteLength);
  tar.entry(header, buffer, (error) => (error ? reject(error) : resolve()));
  return promise;
}
