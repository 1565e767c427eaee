import type { ContextName, EmotionName } from "@moodifier/emotion";
import type { AnnotatedRecord, ScoredRecord } from "../record.ts";
import type { StageReport } from "../run/report.ts";
import { isComplete, type Outcome, runRecordStage, type RunOptions } from "../run/run-stage.ts";
import type { Archive } from "../store/archive-folder.ts";
import { openPacks } from "../store/range-reader.ts";
import { sha256 } from "../store/unit.ts";
import type { PhraseTable } from "../expand/phrases.ts";
import type { Scorer } from "./scorer.ts";
import { selectBest } from "./select-best.ts";

/** Raised when the same embeddings would give another score. */
const VERSION = 1;
/** A picture shows an emotion when it resembles a few of its phrases, not all of them. */
const NEAREST = 3;
/** Texts that the encoder takes at once. */
const TEXT_BATCH = 64;

export interface ScoreOptions extends RunOptions {
  readonly concurrency?: number;
  /** Share of each emotion's records that is dropped, 0..0.9. */
  readonly dropShare?: number;
}

/** Both halves of the stage; the second is absent as long as other shards have not finished the first. */
export interface ScoreReport {
  readonly score: StageReport;
  readonly select?: StageReport;
}

/**
 * Scores every record by the mean cosine of its picture with the {@link NEAREST} nearest of its emotion's phrases (those of its context, and the sentence that
 * names the emotion), then, once every shard has come so far, drops the lowest share of each emotion.
 */
export async function score(
  archive: Archive,
  scorer: Scorer,
  phrases: PhraseTable,
  { concurrency = 4, ...options }: ScoreOptions = {},
): Promise<ScoreReport> {
  const packs = openPacks(archive);
  const embedded = new Map<string, Promise<Float32Array[]>>();
  const embedPhrases = (emotion: EmotionName, context: ContextName): Promise<Float32Array[]> => {
    const key = `${emotion} ${context}`;
    let found = embedded.get(key);
    if (found === undefined) {
      found = embedTexts(scorer, [`The picture conveys ${emotion}.`, ...(phrases[emotion]?.[context] ?? [])]);
      embedded.set(key, found);
    }
    return found;
  };
  const rate = async (record: AnnotatedRecord, signal?: AbortSignal): Promise<Outcome<ScoredRecord>> => {
    const image = { bytes: await packs.read(record.blob), mediaType: record.mediaType };
    const picture = await scorer.embedImage(image, signal);
    if ("refused" in picture) return picture;
    const texts = await embedPhrases(record.emotion, record.context);
    const nearest = texts
      .map((text) => dot(text, picture))
      .sort((a, b) => b - a)
      .slice(0, NEAREST);
    const mean = nearest.reduce((sum, value) => sum + value, 0) / nearest.length;
    return { kept: { ...record, clipScore: Math.round(mean * 1e5) / 1e5 } };
  };
  try {
    const report = await runRecordStage<AnnotatedRecord, ScoredRecord>(
      archive,
      {
        stage: "score",
        from: "annotate",
        settings: { VERSION, phrases: sha256(JSON.stringify(phrases)), model: await scorer.identify(options.signal) },
        concurrency,
        journal: true,
        process: rate,
        carry: (record, { emotion, context, clipScore }) =>
          emotion === record.emotion && context === record.context ? { ...record, clipScore } : undefined,
        afterUnit: () => packs.trim(),
      },
      options,
    );
    if (!(await isComplete(archive, "score"))) return { score: report };
    return { score: report, select: await selectBest(archive, options) };
  } finally {
    await packs.close();
  }
}

async function embedTexts(scorer: Scorer, texts: readonly string[]): Promise<Float32Array[]> {
  const rows: Float32Array[] = [];
  for (let i = 0; i < texts.length; i += TEXT_BATCH)
    rows.push(...(await scorer.embedTexts(texts.slice(i, i + TEXT_BATCH))));
  return rows;
}

function dot(a: Float32Array, b: Float32Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!;
  return sum;
}
