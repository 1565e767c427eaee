import { createHash } from "node:crypto";
import { EMOTIONS } from "@moodifier/emotion";
import { type Annotation, captionOf, type ScoredRecord } from "../record.ts";

/** Counts by name. */
export type Counts = Record<string, number>;

/** What a data set holds, counted while its records pass by. */
export class DatasetCounts {
  records = 0;
  /** By emotion, then by context. */
  readonly emotions: Record<string, Counts> = {};
  readonly splits: Counts = {};
  readonly categories: Counts = {};
  readonly sources: Counts = {};
  readonly mediaTypes: Counts = {};
  /** Records by licence, and how many of them name a creator. */
  readonly licences: Record<string, { records: number; attributed: number; url: string }> = {};
  /** Captions by length, in words rounded down to fives. */
  readonly captionWords: Counts = {};
  /** Records whose annotation names the emotion that was searched for. */
  agreeing = 0;
  /** Records whose last sentence names another emotion than their annotation's label. */
  contradicting = 0;
  /** Scores in steps of 0.05. */
  readonly scores: Counts = {};
  readonly #captions = new DistinctCounter();

  /** Captions that differ, estimated within about 0.1 %. */
  get distinctCaptions(): number {
    return Math.min(this.records, this.#captions.count);
  }

  add(record: ScoredRecord, split: string): void {
    this.records++;
    const row = (this.emotions[record.emotion] ??= {});
    bump(row, record.context);
    bump(this.splits, split);
    bump(this.categories, record.category ?? record.context);
    bump(this.sources, record.source);
    bump(this.mediaTypes, record.mediaType);
    const { id, url = "" } = record.licence;
    const licence = (this.licences[id] ??= { records: 0, attributed: 0, url });
    licence.records++;
    if (record.attribution !== "") licence.attributed++;
    const caption = captionOf(record.annotation);
    bump(this.captionWords, String(Math.floor(caption.split(" ").length / 5) * 5));
    bump(this.scores, (Math.floor(record.clipScore * 20) / 20).toFixed(2));
    if (record.annotation.emotion === record.emotion) this.agreeing++;
    if (contradicts(record.annotation)) this.contradicting++;
    this.#captions.add(caption);
  }
}

function contradicts({ overall, emotion }: Annotation): boolean {
  const words = new Set(overall.toLowerCase().match(/[a-z]+/g));
  return !words.has(emotion) && EMOTIONS.some((name) => words.has(name));
}

function bump(counts: Counts, key: string): void {
  counts[key] = (counts[key] ?? 0) + 1;
}

/** Counts different texts in 8 MiB, however many there are: linear counting (Whang, Vander-Zanden and Taylor 1990). */
class DistinctCounter {
  readonly #bits = new Uint8Array(2 ** 23);
  #set = 0;

  get count(): number {
    const size = this.#bits.length * 8;
    return Math.round(-size * Math.log1p(-this.#set / size));
  }

  add(text: string): void {
    const place = createHash("sha1").update(text).digest().readUInt32BE(0) >>> 6;
    const mask = 1 << (place & 7);
    if ((this.#bits[place >> 3]! & mask) !== 0) return;
    this.#bits[place >> 3]! |= mask;
    this.#set++;
  }
}
