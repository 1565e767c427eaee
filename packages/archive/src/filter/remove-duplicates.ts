import { randomUUID } from "node:crypto";
import { closeSync, openSync, readSync } from "node:fs";
import { rm } from "node:fs/promises";
import type { FilteredRecord } from "../record.ts";
import { type StageReport, Tally } from "../run/report.ts";
import { fingerprintOf, readSummaries, type RunOptions } from "../run/run-stage.ts";
import type { Archive } from "../store/archive-folder.ts";
import { DurableFile, PARTIAL_PREFIX } from "../store/durable-file.ts";
import { commitUnit, readRecords, readSummary, sha256, type UnitSummary } from "../store/unit.ts";
import { findNearDuplicates } from "./near-duplicates.ts";
import { COLOUR_BYTES, colourDifference } from "./perceptual-hash.ts";

/** Raised when other records would count as duplicates. */
const VERSION = 2;
/** Bytes of a perceptual hash, and of an identifier. */
const HASH_BYTES = 32;
const ID_BYTES = 12;

/** Bits of 256 in which a re-encoded or resized copy may differ; see docs/archive.md for how it was chosen. */
export const DEFAULT_DISTANCE = 4;

/**
 * Difference in mean colour, of 255, that a copy may have. Drawings of like outline share a hash: only their colours tell them apart. Copies differ in a few
 * steps, one that is a tenth brighter in 25.
 */
const MAX_COLOUR_DIFFERENCE = 32;

export interface DuplicateOptions extends RunOptions {
  /** Bits of a perceptual hash in which two pictures may differ and still count as the same, 0..7. */
  readonly maxDistance?: number;
}

/**
 * Lets go of every record whose bytes or whose perceptual hash came before, in the order of the units. Looks at the whole archive and needs every unit
 * of `filter`. Cheap: a kill only costs the time of a new search.
 */
export async function removeDuplicates(archive: Archive, options: DuplicateOptions = {}): Promise<StageReport> {
  const { maxDistance = DEFAULT_DISTANCE, onProgress, signal } = options;
  const inputs = await readSummaries(archive, "filter");
  const fingerprint = fingerprintOf(
    "dedupe",
    { VERSION, maxDistance },
    sha256(inputs.map(({ digest }) => digest).join()),
  );
  const total = inputs.reduce((sum, { out }) => sum + out, 0);
  const tally = new Tally("dedupe", total, onProgress);
  const missing: UnitSummary[] = [];
  for (const input of inputs) {
    const found = await readSummary(archive, "dedupe", input.unit);
    if (found?.fingerprint === fingerprint) tally.add(found, true);
    else missing.push(input);
  }
  if (missing.length === 0) return tally.report({ maxDistance });
  const list = await writeHashes(archive, inputs);
  try {
    const original = findNearDuplicates(list, maxDistance, signal);
    for (const input of missing) {
      signal?.throwIfAborted();
      const first = list.firstOf(input.unit);
      const records = await readRecords<FilteredRecord>(archive, "filter", input);
      const at = records.map((_, i) => original[first + i]!);
      const refused = records.flatMap((record, i) =>
        at[i] === -1 ? [] : [describeDuplicate(record, list.id(at[i]!))],
      );
      const unit = { unit: input.unit, fingerprint, in: records.length };
      const kept = records.filter((_, i) => at[i] === -1);
      for (const _ of records) tally.step();
      tally.add(await commitUnit(archive, "dedupe", unit, kept, refused), false);
    }
  } finally {
    await list.remove();
  }
  return tally.report({ maxDistance });
}

function describeDuplicate({ id, uri, emotion }: FilteredRecord, original: string) {
  const reason = id === original ? "DUPLICATE" : "NEAR_DUPLICATE";
  return { reason, detail: `same as ${original}`, id, uri, emotion };
}

/**
 * Identifiers and hashes of the whole archive, in files of fixed-size entries, so that memory does not grow with them. They are named like files being written:
 * whoever opens the archive after a kill removes them.
 */
async function writeHashes(archive: Archive, inputs: readonly UnitSummary[]) {
  const paths = ["hashes", "ids", "colours"].map((name) =>
    archive.path("stages", "dedupe", `${PARTIAL_PREFIX}${name}-${process.pid}-${randomUUID().slice(0, 8)}`),
  );
  const [hashes, ids, colours] = await Promise.all(paths.map((path) => DurableFile.create(path)));
  const firsts = new Map<number, number>();
  for (const input of inputs) {
    firsts.set(input.unit, hashes!.bytes / HASH_BYTES);
    const records = await readRecords<FilteredRecord>(archive, "filter", input);
    await hashes!.write(Buffer.concat(records.map(({ phash }) => Buffer.from(phash, "hex"))));
    await ids!.write(Buffer.concat(records.map(({ id }) => Buffer.from(id, "hex"))));
    await colours!.write(Buffer.concat(records.map((record) => Buffer.from(record.colours, "base64"))));
  }
  const count = hashes!.bytes / HASH_BYTES;
  await Promise.all([hashes!.commit(), ids!.commit(), colours!.commit()]);
  const [hashFile, idFile, colourFile] = paths.map((path) => openSync(path, "r"));
  const readAt = (descriptor: number, entry: number, from: number, many: number): Buffer => {
    const buffer = Buffer.allocUnsafe(entry * many);
    readSync(descriptor, buffer, 0, buffer.length, from * entry);
    return buffer;
  };
  return {
    count,
    read: (from: number, many: number) => readAt(hashFile!, HASH_BYTES, from, many),
    confirm: (first: number, second: number) =>
      colourDifference(readAt(colourFile!, COLOUR_BYTES, first, 1), readAt(colourFile!, COLOUR_BYTES, second, 1)) <=
      MAX_COLOUR_DIFFERENCE,
    id: (index: number) => readAt(idFile!, ID_BYTES, index, 1).toString("hex"),
    /** Index of a unit's first record. */
    firstOf: (unit: number) => firsts.get(unit)!,
    remove: async () => {
      for (const file of [hashFile, idFile, colourFile]) closeSync(file!);
      await Promise.all(paths.map((path) => rm(path, { force: true })));
    },
  };
}
