import type { ManifestRow, ManifestRows } from "../batches/manifest/manifest-row.ts";

/** Columns of a listing. */
const columns = ["id", "image", "sku"] as const;

/** A manifest without a manifest: a row for each picture below an S3 prefix. `id` is the path below the prefix, `sku` the file's name without its extension. */
export class S3Listing implements ManifestRows {
  readonly columns = columns;
  readonly #keys: AsyncIterable<string>;
  readonly #place: { readonly bucket: string; readonly prefix: string };

  constructor(keys: AsyncIterable<string>, place: { bucket: string; prefix: string }) {
    this.#keys = keys;
    this.#place = place;
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<ManifestRow> {
    const { bucket, prefix } = this.#place;
    let index = 0;
    for await (const key of this.#keys) {
      const id = prefix === "" ? key : key.slice(prefix.length + 1);
      const sku = (id.split("/").at(-1) ?? id).replace(/\.[^.]*$/, "");
      yield { index, line: index + 1, fields: { id, image: `s3://${bucket}/${key}`, sku } };
      index += 1;
    }
  }
}
