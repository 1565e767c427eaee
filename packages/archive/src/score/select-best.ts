import { EMOTIONS, type EmotionName } from "@moodifier/emotion";
import { ArchiveError } from "../archive-error.ts";
import type { RefusedRecord, ScoredRecord } from "../record.ts";
import { type StageReport, Tally } from "../run/report.ts";
import { fingerprintOf, readSummaries, type RunOptions } from "../run/run-stage.ts";
import type { Archive } from "../store/archive-folder.ts";
import { writeDurably } from "../store/durable-file.ts";
import { readTextIfPresent } from "../store/present-file.ts";
import { commitUnit, readRecords, readSummary, sha256 } from "../store/unit.ts";

/** Raised when the same scores would be cut elsewhere. */
const VERSION = 1;

/** The share of the paper: the bottom 20 %. */
export const DEFAULT_DROP_SHARE = 0.2;

/** Where the scores of one emotion are cut. */
export interface Threshold {
  readonly emotion: EmotionName;
  readonly records: number;
  /** Scores below it are dropped. */
  readonly threshold: number;
  readonly dropped: number;
}

/** Drops the lowest share of each emotion by score; records that score exactly the threshold stay. Memory: 4 bytes a record. */
export async function selectBest(
  archive: Archive,
  options: RunOptions & { readonly dropShare?: number } = {},
): Promise<StageReport> {
  const { dropShare = DEFAULT_DROP_SHARE, onProgress, signal } = options;
  if (!(dropShare >= 0 && dropShare <= 0.9)) {
    throw new ArchiveError("OPTION_INVALID", `drop-share: expected 0..0.9, got ${dropShare}`);
  }
  const inputs = await readSummaries(archive, "score");
  const fingerprint = fingerprintOf(
    "select",
    { VERSION, dropShare },
    sha256(inputs.map(({ digest }) => digest).join()),
  );
  const tally = new Tally(
    "select",
    inputs.reduce((sum, { out }) => sum + out, 0),
    onProgress,
  );
  const scores = new Map<EmotionName, Float32Buffer>();
  for (const input of inputs) {
    signal?.throwIfAborted();
    for (const { emotion, clipScore } of await readRecords<ScoredRecord>(archive, "score", input)) {
      const list = scores.get(emotion) ?? new Float32Buffer();
      list.push(clipScore);
      scores.set(emotion, list);
    }
  }
  const thresholds = new Map<EmotionName, Threshold>();
  for (const emotion of EMOTIONS) {
    const list = scores.get(emotion);
    if (list !== undefined) thresholds.set(emotion, cut(emotion, list.values(), dropShare));
  }
  const list = [...thresholds.values()];
  await writeDurably(archive.path("stages", "select", "thresholds.json"), `${JSON.stringify(list, null, 2)}\n`);
  for (const input of inputs) {
    signal?.throwIfAborted();
    const found = await readSummary(archive, "select", input.unit);
    if (found?.fingerprint === fingerprint) {
      tally.add(found, true);
      continue;
    }
    const records = await readRecords<ScoredRecord>(archive, "score", input);
    const kept: ScoredRecord[] = [];
    const refused: RefusedRecord[] = [];
    for (const record of records) {
      const { threshold } = thresholds.get(record.emotion)!;
      if (Math.fround(record.clipScore) >= threshold) kept.push(record);
      else refused.push(describeLow(record, threshold));
      tally.step();
    }
    tally.add(
      await commitUnit(archive, "select", { unit: input.unit, fingerprint, in: records.length }, kept, refused),
      false,
    );
  }
  return tally.report({ dropShare, thresholds: list });
}

function describeLow({ id, uri, emotion, clipScore }: ScoredRecord, threshold: number): RefusedRecord {
  const detail = `score ${clipScore}, the lowest kept of ${emotion} is ${threshold.toFixed(5)}`;
  return { reason: "LOW_SCORE", detail, id, uri, emotion };
}

function cut(emotion: EmotionName, sorted: Float32Array, dropShare: number): Threshold {
  sorted.sort();
  const threshold = sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * dropShare))]!;
  return { emotion, records: sorted.length, threshold, dropped: sorted.indexOf(threshold) };
}

/** A growing list of float32. */
class Float32Buffer {
  #values = new Float32Array(1024);
  #length = 0;

  push(value: number): void {
    if (this.#length === this.#values.length) {
      const larger = new Float32Array(this.#length * 2);
      larger.set(this.#values);
      this.#values = larger;
    }
    this.#values[this.#length++] = value;
  }

  values(): Float32Array {
    return this.#values.slice(0, this.#length);
  }
}

/** The thresholds of the last selection; empty before the first. */
export async function readThresholds(archive: Archive): Promise<Threshold[]> {
  const text = (await readTextIfPresent(archive.path("stages", "select", "thresholds.json"))) ?? "[]";
  return JSON.parse(text) as Threshold[];
}
