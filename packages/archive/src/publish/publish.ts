import { ArchiveError } from "../archive-error.ts";
import type { ScoredRecord } from "../record.ts";
import { readRejected } from "../review/verdict-store.ts";
import { type StageReport, Tally } from "../run/report.ts";
import { readSummaries, type RunOptions } from "../run/run-stage.ts";
import { owns, WHOLE } from "../run/shard.ts";
import type { Archive } from "../store/archive-folder.ts";
import { writeDurably } from "../store/durable-file.ts";
import { readTextIfPresent } from "../store/present-file.ts";
import { openPacks, RangeReader } from "../store/range-reader.ts";
import { readRecords, sha256 } from "../store/unit.ts";
import { DatasetCounts } from "./counts.ts";
import { finishDataset } from "./finish-dataset.ts";
import { writeParquetIndex } from "./parquet-index.ts";
import { orderById, type Pointer } from "./publish-order.ts";
import type { PublishedShard } from "./published-shard.ts";
import { type Split, splitOf, SPLITS, type SplitShares } from "./split.ts";
import { type Sample, writeTarShard } from "./tar-shard.ts";

/** Raised when the same records would give other bytes. */
const VERSION = 1;

export interface PublishOptions extends RunOptions {
  /** Samples of a tar shard, at most. */
  readonly shardSamples?: number;
  readonly splits?: SplitShares;
}

/**
 * Writes the data set: `dataset/SPLIT-NNNNNN.tar` (WebDataset), `dataset/index/SPLIT-NNNNNN.parquet`, and, once every shard is there, the data card. The bytes are a
 * function of the records alone. Records that reviewers rejected are left out.
 */
export async function publish(archive: Archive, options: PublishOptions = {}): Promise<StageReport> {
  const { shard = WHOLE, onProgress, signal, shardSamples = 1000, splits = { validation: 5, test: 5 } } = options;
  if (!Number.isInteger(shardSamples) || shardSamples < 1 || shardSamples > 100_000) {
    throw new ArchiveError("OPTION_INVALID", `shard-samples: expected 1..100000, got ${shardSamples}`);
  }
  const inputs = await readSummaries(archive, "select");
  const rejected = await readRejected(archive);
  const total = inputs.reduce((sum, { out }) => sum + out, 0);
  const tally = new Tally("publish", Math.round(total / shard.count), onProgress);
  const writer = new ShardWriter(archive, () => tally.step());
  const place = (record: ScoredRecord): Split | undefined =>
    rejected.has(record.id) ? undefined : splitOf(record.group, splits);
  const names: string[] = [];
  const publishShard = async ({ name, split, pointers }: ShardPlan): Promise<void> => {
    signal?.throwIfAborted();
    const mine = owns(shard, names.push(name) - 1);
    if (!mine) return;
    const fingerprint = sha256(JSON.stringify([VERSION, name, pointers.map(({ id, digest }) => [id, digest])]));
    const kept = (await readShard(archive, name))?.fingerprint === fingerprint;
    if (!kept) await writer.write(name, split, fingerprint, pointers);
    const count = pointers.length;
    tally.add({ unit: names.length, fingerprint, digest: "", in: count, out: count, refused: {} }, kept);
  };
  try {
    for await (const plan of cutShards(orderById(archive, inputs, place), shardSamples)) await publishShard(plan);
  } finally {
    await writer.close();
  }
  const shards = await Promise.all(names.map((name) => readShard(archive, name)));
  const complete = shards.filter((entry) => entry !== undefined);
  if (complete.length === shards.length)
    await finishDataset(archive, complete, splits, await countRecords(archive, place));
  return tally.report({ shards: names.length, rejectedByReview: rejected.size });
}

async function countRecords(
  archive: Archive,
  place: (record: ScoredRecord) => Split | undefined,
): Promise<DatasetCounts> {
  const counts = new DatasetCounts();
  for (const input of await readSummaries(archive, "select")) {
    for (const record of await readRecords<ScoredRecord>(archive, "select", input)) {
      const split = place(record);
      if (split !== undefined) counts.add(record, split);
    }
  }
  return counts;
}

interface ShardPlan {
  readonly name: string;
  readonly split: Split;
  readonly pointers: readonly Pointer[];
}

/** Fills the shards of each split in turn. */
async function* cutShards(order: AsyncIterable<Pointer>, shardSamples: number): AsyncGenerator<ShardPlan> {
  const open = new Map(SPLITS.map((split) => [split, { made: 0, pointers: [] as Pointer[] }]));
  const close = (split: Split): ShardPlan => {
    const state = open.get(split)!;
    return { name: `${split}-${String(state.made++).padStart(6, "0")}`, split, pointers: state.pointers.splice(0) };
  };
  for await (const pointer of order) {
    const { pointers } = open.get(pointer.split)!;
    pointers.push(pointer);
    if (pointers.length >= shardSamples) yield close(pointer.split);
  }
  for (const split of SPLITS) if (open.get(split)!.pointers.length > 0) yield close(split);
}

/** Writes shards one after another. */
class ShardWriter {
  readonly #archive: Archive;
  readonly #onSample: () => void;
  readonly #packs: RangeReader;
  readonly #lines: RangeReader;

  constructor(archive: Archive, onSample: () => void) {
    this.#archive = archive;
    this.#onSample = onSample;
    this.#packs = openPacks(archive, 256);
    this.#lines = new RangeReader(archive, "select", "jsonl", 256);
  }

  async write(name: string, split: Split, fingerprint: string, pointers: readonly Pointer[]): Promise<void> {
    const records: ScoredRecord[] = [];
    const tar = await writeTarShard(this.#archive.path("dataset", `${name}.tar`), this.#read(pointers, records));
    const path = this.#archive.path("dataset", "index", `${name}.parquet`);
    const index = await writeParquetIndex(path, name, split, records);
    const published: PublishedShard = { name, split, fingerprint, samples: records.length, tar, index };
    await writeDurably(shardPath(this.#archive, name), `${JSON.stringify(published)}\n`);
    await Promise.all([this.#packs.trim(), this.#lines.trim()]);
  }

  async close(): Promise<void> {
    await Promise.all([this.#packs.close(), this.#lines.close()]);
  }

  async *#read(pointers: readonly Pointer[], records: ScoredRecord[]): AsyncGenerator<Sample> {
    for (const pointer of pointers) {
      const record = JSON.parse((await this.#lines.read(pointer)).toString("utf8")) as ScoredRecord;
      records.push(record);
      yield { record, bytes: await this.#packs.read(record.blob) };
      this.#onSample();
      await Promise.all([this.#packs.trim(), this.#lines.trim()]);
    }
  }
}

/** The summary of a committed shard; undefined when it is not there. */
export async function readShard(archive: Archive, name: string): Promise<PublishedShard | undefined> {
  const text = await readTextIfPresent(shardPath(archive, name));
  return text === undefined ? undefined : (JSON.parse(text) as PublishedShard);
}

function shardPath(archive: Archive, name: string): string {
  return archive.path("dataset", "shards", `${name}.json`);
}
