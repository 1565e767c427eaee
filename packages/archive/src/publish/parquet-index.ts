import { type ColumnSource, parquetWriteBuffer } from "hyparquet-writer";
import { captionOf, type ScoredRecord } from "../record.ts";
import { writeDurably } from "../store/durable-file.ts";
import { sha256 } from "../store/unit.ts";

/** Size and digest of a written file. */
export interface FileFacts {
  readonly bytes: number;
  readonly sha256: string;
}

/** Writes the Parquet index of one shard: a row for each sample, in the order of the tar. */
export async function writeParquetIndex(
  path: string,
  shard: string,
  split: string,
  records: readonly ScoredRecord[],
): Promise<FileFacts> {
  const text = (name: string, of: (record: ScoredRecord) => string | undefined): ColumnSource => ({
    name,
    data: records.map(of),
    type: "STRING",
  });
  const columns: ColumnSource[] = [
    text("id", ({ id }) => id),
    text("shard", () => shard),
    text("split", () => split),
    text("sha256", (record) => record.sha256),
    text("phash", ({ phash }) => phash),
    text("media_type", ({ mediaType }) => mediaType),
    { name: "width", data: records.map(({ width }) => width), type: "INT32" },
    { name: "height", data: records.map(({ height }) => height), type: "INT32" },
    { name: "bytes", data: records.map(({ blob }) => blob.bytes), type: "INT32" },
    text("emotion", ({ emotion }) => emotion),
    text("context", ({ context }) => context),
    text("category", ({ category }) => category),
    text("annotated_emotion", ({ annotation }) => annotation.emotion),
    text("caption", ({ annotation }) => captionOf(annotation)),
    text("annotation", ({ annotation }) => JSON.stringify(annotation)),
    { name: "clip_score", data: records.map(({ clipScore }) => clipScore), type: "FLOAT" },
    { name: "nsfw", data: records.map(({ nsfw }) => nsfw), type: "FLOAT" },
    text("licence", ({ licence }) => licence.id),
    text("licence_url", ({ licence }) => licence.url),
    text("attribution", ({ attribution }) => attribution),
    text("source", ({ source }) => source),
    text("uri", ({ uri }) => uri),
    text("group", ({ group }) => group),
    text("phrase", ({ phrase }) => phrase),
    text("alt", ({ alt }) => alt),
  ];
  const buffer = new Uint8Array(parquetWriteBuffer({ columnData: columns, createdBy: "moodifier" }));
  await writeDurably(path, buffer);
  return { bytes: buffer.byteLength, sha256: sha256(buffer) };
}
