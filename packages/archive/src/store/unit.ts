import { createHash } from "node:crypto";
import { ArchiveError } from "../archive-error.ts";
import type { Blob, RefusedRecord } from "../record.ts";
import type { Archive, UnitStage } from "./archive-folder.ts";
import { DurableFile, writeDurably } from "./durable-file.ts";
import { readIfPresent, readTextIfPresent } from "./present-file.ts";

/** `NNNNNN.json`: what a unit holds. Its presence is what commits the unit, so it is written last. */
export interface UnitSummary {
  readonly unit: number;
  /** Digest of everything that the unit is a function of: stage, version, options, input. A unit of another fingerprint is made anew. */
  readonly fingerprint: string;
  /** Digest of stage, version and options alone. */
  readonly work?: string;
  /** SHA-256 of `NNNNNN.jsonl`, hex. */
  readonly digest: string;
  readonly in: number;
  readonly out: number;
  /** Records that were let go, by reason. */
  readonly refused: Readonly<Record<string, number>>;
  /** Bytes of pictures in the pack; only `collect` has some. */
  readonly packBytes?: number;
}

/** The summary of a committed unit; undefined when it is not there. */
export async function readSummary(archive: Archive, stage: UnitStage, unit: number): Promise<UnitSummary | undefined> {
  const text = await readTextIfPresent(archive.unitPath(stage, unit, "json"));
  return text === undefined ? undefined : (JSON.parse(text) as UnitSummary);
}

/** The records of a committed unit, in order. At most `unitSize` of them. Throws ArchiveError UNIT_CORRUPT when the file is not the one committed. */
export async function readRecords<T>(archive: Archive, stage: UnitStage, summary: UnitSummary): Promise<T[]> {
  const path = archive.unitPath(stage, summary.unit, "jsonl");
  const bytes = (await readIfPresent(path)) ?? Buffer.alloc(0);
  if (sha256(bytes) !== summary.digest) {
    throw new ArchiveError(
      "UNIT_CORRUPT",
      `${path}: expected sha256 ${summary.digest}; delete it and its .json to make it anew`,
    );
  }
  return parseLines<T>(bytes.toString("utf8"));
}

/** The values of a text of one JSON value a line. */
export function parseLines<T>(text: string): T[] {
  return text.split("\n").flatMap((line) => (line === "" ? [] : [JSON.parse(line) as T]));
}

/** One JSON value a line. */
export function formatLines(values: readonly unknown[]): string {
  return values.map((value) => `${JSON.stringify(value)}\n`).join("");
}

/** Commits a unit: records, refusals, then the summary. */
export async function commitUnit(
  archive: Archive,
  stage: UnitStage,
  unit: Pick<UnitSummary, "unit" | "fingerprint" | "work" | "in" | "packBytes">,
  records: readonly unknown[],
  refused: readonly RefusedRecord[],
): Promise<UnitSummary> {
  const lines = Buffer.from(formatLines(records));
  await writeDurably(archive.unitPath(stage, unit.unit, "jsonl"), lines);
  await writeDurably(archive.unitPath(stage, unit.unit, "refused.jsonl"), formatLines(refused));
  const summary: UnitSummary = { ...unit, digest: sha256(lines), out: records.length, refused: countReasons(refused) };
  await writeDurably(archive.unitPath(stage, unit.unit, "json"), `${JSON.stringify(summary)}\n`);
  return summary;
}

/** Appends pictures to the pack of a unit of `collect`. */
export class PackWriter {
  readonly #unit: number;
  readonly #file: DurableFile;

  private constructor(unit: number, file: DurableFile) {
    this.#unit = unit;
    this.#file = file;
  }

  static async create(archive: Archive, unit: number): Promise<PackWriter> {
    return new PackWriter(unit, await DurableFile.create(archive.unitPath("collect", unit, "pack")));
  }

  get bytes(): number {
    return this.#file.bytes;
  }

  async append(bytes: Uint8Array): Promise<Blob> {
    const blob = { unit: this.#unit, offset: this.#file.bytes, bytes: bytes.byteLength };
    await this.#file.write(bytes);
    return blob;
  }

  commit(): Promise<void> {
    return this.#file.commit();
  }

  discard(): Promise<void> {
    return this.#file.discard();
  }
}

/** SHA-256, hex. */
export function sha256(data: Uint8Array | string): string {
  return createHash("sha256").update(data).digest("hex");
}

function countReasons(refused: readonly RefusedRecord[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { reason } of refused) counts[reason] = (counts[reason] ?? 0) + 1;
  return Object.fromEntries(Object.entries(counts).sort(([a], [b]) => (a < b ? -1 : 1)));
}
