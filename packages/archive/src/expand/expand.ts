import { CONTEXTS, EMOTIONS_27, type ContextName, type EmotionName } from "@moodifier/emotion";
import type { Annotator } from "../annotate/annotator.ts";
import { type StageReport, Tally } from "../run/report.ts";
import type { RunOptions } from "../run/run-stage.ts";
import { owns, WHOLE } from "../run/shard.ts";
import type { Archive } from "../store/archive-folder.ts";
import { writeDurably } from "../store/durable-file.ts";
import { readTextIfPresent } from "../store/present-file.ts";
import { areNearCopies, DEFAULT_PHRASES, type PhraseTable } from "./phrases.ts";

/** A pair's phrases, `expand/EMOTION-CONTEXT.json`. */
interface PairFile {
  readonly emotion: EmotionName;
  readonly context: ContextName;
  readonly phrases: readonly string[];
  /** How many of them came from the planner. */
  readonly fromPlanner: number;
}

/**
 * Writes the search phrases of each of the 108 pairs: the committed list, and after it what the planner adds that is no near copy. Without an annotator, the
 * committed list alone. A pair that is there is kept, so that what is searched for stays the same when a run is resumed.
 */
export async function expand(
  archive: Archive,
  annotator: Pick<Annotator, "expand"> | undefined,
  { shard = WHOLE, onProgress, signal }: RunOptions = {},
): Promise<StageReport> {
  const pairs = EMOTIONS_27.flatMap((emotion) => CONTEXTS.map((context) => ({ emotion, context })));
  const mine = pairs.filter((_, index) => owns(shard, index));
  const tally = new Tally("expand", mine.length, onProgress);
  let phrases = 0;
  let fromPlanner = 0;
  for (const [index, { emotion, context }] of mine.entries()) {
    signal?.throwIfAborted();
    const path = archive.path("expand", `${emotion}-${context}.json`);
    let pair = await readPair(path);
    const kept = pair !== undefined && (annotator === undefined || pair.fromPlanner > 0);
    if (pair === undefined || !kept) {
      pair = await expandPair(emotion, context, annotator, signal);
      await writeDurably(path, `${JSON.stringify(pair, null, 2)}\n`);
      tally.step();
    }
    phrases += pair.phrases.length;
    fromPlanner += pair.fromPlanner;
    tally.add({ unit: index, fingerprint: "", digest: "", in: 1, out: 1, refused: {} }, kept);
  }
  return tally.report({ phrases, fromPlanner });
}

async function expandPair(
  emotion: EmotionName,
  context: ContextName,
  annotator: Pick<Annotator, "expand"> | undefined,
  signal: AbortSignal | undefined,
): Promise<PairFile> {
  const phrases = [...(DEFAULT_PHRASES[emotion]?.[context] ?? [])];
  const known = phrases.length;
  for (const phrase of (await annotator?.expand(emotion, context, signal)) ?? []) {
    const text = phrase.trim().toLowerCase();
    if (text.length >= 4 && text.length <= 100 && !phrases.some((other) => areNearCopies(other, text)))
      phrases.push(text);
  }
  return { emotion, context, phrases, fromPlanner: phrases.length - known };
}

async function readPair(path: string): Promise<PairFile | undefined> {
  const text = await readTextIfPresent(path);
  return text === undefined ? undefined : (JSON.parse(text) as PairFile);
}

/** The phrases that an archive searches and scores with: those of `expand` where it ran, else the committed ones. */
export async function readPhrases(archive: Archive): Promise<PhraseTable> {
  const table: Partial<Record<EmotionName, Partial<Record<ContextName, readonly string[]>>>> = {};
  for (const emotion of EMOTIONS_27) {
    const row: Partial<Record<ContextName, readonly string[]>> = {};
    for (const context of CONTEXTS) {
      const pair = await readPair(archive.path("expand", `${emotion}-${context}.json`));
      row[context] = pair?.phrases ?? DEFAULT_PHRASES[emotion]?.[context] ?? [];
    }
    table[emotion] = row;
  }
  return table;
}
