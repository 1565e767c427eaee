import { closeSync, mkdirSync, openSync, readFileSync, rmSync, writeSync } from "node:fs";
import { join } from "node:path";
import type { ScoredRecord } from "../record.ts";
import type { Archive } from "../store/archive-folder.ts";
import { readRecords, sha256, type UnitSummary } from "../store/unit.ts";
import { type Split, SPLITS } from "./split.ts";

/** Entries of a bucket that are sorted in memory at once, on average. */
const BUCKET_ENTRIES = 32_768;
/** id 12 bytes, unit u32, line offset u32, line bytes u32, digest of the line 8 bytes, split u8. */
const ENTRY_BYTES = 33;

/** Where the record of an identifier is. */
export interface Pointer {
  readonly id: string;
  readonly unit: number;
  /** First byte and length of its line in the unit's `.jsonl`. */
  readonly offset: number;
  readonly bytes: number;
  /** First 16 hex digits of the line's SHA-256. */
  readonly digest: string;
  readonly split: Split;
}

/**
 * All records that `place` gives a split, in the order of their identifiers. Those are digests, so the order is a shuffle that depends on nothing but the pictures: neither on the provider's
 * order nor on how the work was sharded. Sorted in buckets on disk; memory does not grow with the archive.
 */
export async function* orderById(
  archive: Archive,
  inputs: readonly UnitSummary[],
  place: (record: ScoredRecord) => Split | undefined,
): AsyncGenerator<Pointer> {
  const total = inputs.reduce((sum, { out }) => sum + out, 0);
  const bits = Math.max(0, Math.ceil(Math.log2(Math.max(1, total / BUCKET_ENTRIES))));
  const dir = archive.path("dataset", `.order-${process.pid}`);
  mkdirSync(dir, { recursive: true });
  try {
    const buckets = Array.from({ length: 2 ** bits }, (_, i) => join(dir, String(i)));
    await fillBuckets(archive, inputs, place, buckets, bits);
    for (const path of buckets) yield* readBucket(path);
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

async function fillBuckets(
  archive: Archive,
  inputs: readonly UnitSummary[],
  place: (record: ScoredRecord) => Split | undefined,
  buckets: readonly string[],
  bits: number,
): Promise<void> {
  const files = buckets.map((path) => openSync(path, "w"));
  try {
    for (const input of inputs) {
      const entries: Buffer[][] = files.map(() => []);
      let offset = 0;
      for (const record of await readRecords<ScoredRecord>(archive, "select", input)) {
        const line = Buffer.from(JSON.stringify(record));
        const bytes = line.byteLength;
        const split = place(record);
        if (split !== undefined) {
          const entry = Buffer.alloc(ENTRY_BYTES);
          entry.write(record.id, 0, "hex");
          entry.writeUInt32LE(input.unit, 12);
          entry.writeUInt32LE(offset, 16);
          entry.writeUInt32LE(bytes, 20);
          entry.write(sha256(line).slice(0, 16), 24, "hex");
          entry.writeUInt8(SPLITS.indexOf(split), 32);
          entries[bits === 0 ? 0 : entry.readUInt32BE(0) >>> (32 - bits)]!.push(entry);
        }
        offset += bytes + 1;
      }
      entries.forEach((list, i) => list.length > 0 && writeSync(files[i]!, Buffer.concat(list)));
    }
  } finally {
    for (const file of files) closeSync(file);
  }
}

function* readBucket(path: string): Generator<Pointer> {
  const bytes = readFileSync(path);
  const entries = Array.from({ length: bytes.length / ENTRY_BYTES }, (_, i) =>
    bytes.subarray(i * ENTRY_BYTES, (i + 1) * ENTRY_BYTES),
  );
  entries.sort(Buffer.compare);
  for (const entry of entries) {
    yield {
      id: entry.toString("hex", 0, 12),
      unit: entry.readUInt32LE(12),
      offset: entry.readUInt32LE(16),
      bytes: entry.readUInt32LE(20),
      digest: entry.toString("hex", 24, 32),
      split: SPLITS[entry.readUInt8(32)]!,
    };
  }
}
