import { z } from "zod";
import { networkList } from "../http/network-list.ts";
import { openPlacePattern } from "../sources/open-places.ts";

const place = z.string().regex(openPlacePattern, {
  error: "expected a bucket or bucket/folder, where {tenant} may stand for a folder; several are separated by commas",
});
const places = z
  .union([
    z.array(place),
    z
      .string()
      .transform((text) => text.split(",").flatMap((each) => each.trim().replace(/\/+$/, "") || []))
      .pipe(z.array(place)),
  ])
  .default([]);

/** Settings of batches, uploads and sources; spread them into the gateway's schema. */
export const batchSettings = {
  /** process: gateways and workers run the rows; shards: each batch is a work of the shard runner, see MOODIFIER_SHARD_RUNNER. */
  batchRunner: z.enum(["process", "shards"]).default("process"),
  /** shards: rows of one shard, 1..100,000; a batch falls into 10,000 shards at most. */
  batchShardRows: z.coerce.number().int().min(1).max(100_000).default(100),
  /** shards: shards of one batch that run at the same time, 1..1000. */
  batchParallelism: z.coerce.number().int().min(1).max(1000).default(8),
  /** Rows in hand at the same time in this process, 1..256. */
  batchWindow: z.coerce.number().int().min(1).max(256).default(6),
  /** Buckets, or folders of them such as `shop/{tenant}`, that batches may read and write, separated by commas. Without `{tenant}` an entry is open to every tenant. */
  batchBuckets: places,
  /** Folder below which batches may write files on this machine; `{tenant}` in it stands for the tenant's id, without it all tenants write there. Unset: nowhere. */
  outputDir: z.string().min(1).optional(),
  /** Networks in CIDR form that picture URLs may lead to although they aren't public, separated by commas. */
  sourceNetworks: networkList,
  /** Longest time for the download of one picture, in milliseconds. */
  sourceTimeoutMs: z.coerce.number().int().min(100).max(600_000).default(30_000),
  /** How long a batch and its files stay after its end, in milliseconds. */
  batchRetentionMs: z.coerce
    .number()
    .int()
    .min(1000)
    .default(7 * 86_400_000),
  /** How long an upload stays, in milliseconds. */
  uploadRetentionMs: z.coerce.number().int().min(1000).default(86_400_000),
  /** Pause between collections of unneeded objects, in milliseconds; 0 switches them off. */
  garbageMs: z.coerce.number().int().min(0).default(3_600_000),
  /** Price of a megapixel and denoising step, for estimates; unset: none are given. */
  priceMegapixelStep: z.coerce.number().min(0).optional(),
  /** ISO 4217. */
  priceCurrency: z.string().length(3).default("USD"),
};

const schema = z.object(batchSettings);
export type BatchSettings = z.output<typeof schema>;
