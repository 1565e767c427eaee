import { createHash } from "node:crypto";
import { EMOTIONS, type EmotionName } from "@moodifier/emotion";
import { ArchiveError } from "../archive-error.ts";
import { captionOf, type ScoredRecord } from "../record.ts";
import { readSummaries } from "../run/run-stage.ts";
import type { Archive } from "../store/archive-folder.ts";
import { writeDurably } from "../store/durable-file.ts";
import { openPacks } from "../store/range-reader.ts";
import { formatLines, readRecords } from "../store/unit.ts";
import { renderReviewPage } from "./review-page.ts";
import type { ReviewTask } from "./review-task.ts";

export interface ExportOptions {
  /** Pictures in all, spread evenly over the emotions. */
  readonly sample: number;
  /** Another seed draws other pictures. */
  readonly seed: number;
  readonly signal?: AbortSignal | undefined;
}

const EXTENSIONS: Readonly<Record<string, string>> = { "image/png": "png", "image/jpeg": "jpg", "image/webp": "webp" };

/**
 * Draws a sample of what would be published, the same number from each emotion as far as there are, and writes `review/tasks.jsonl`, the pictures and a page that
 * works without a server. The draw depends on the seed and the pictures only.
 */
export async function exportTasks(archive: Archive, { sample, seed, signal }: ExportOptions): Promise<ReviewTask[]> {
  if (!Number.isInteger(sample) || sample < 1 || sample > 100_000) {
    throw new ArchiveError("OPTION_INVALID", `sample: expected a whole number 1..100000, got ${sample}`);
  }
  const drawn = await drawRecords(archive, sample, seed, signal);
  const packs = openPacks(archive);
  const tasks: ReviewTask[] = [];
  try {
    for (const record of drawn) {
      signal?.throwIfAborted();
      const picture = `pictures/${record.id}.${EXTENSIONS[record.mediaType] ?? "bin"}`;
      await writeDurably(archive.path("review", picture), await packs.read(record.blob));
      await packs.trim();
      const { id, emotion, context, attribution, uri, alt = "" } = record;
      tasks.push({ id, picture, alt, caption: captionOf(record.annotation), emotion, context, attribution, uri });
    }
  } finally {
    await packs.close();
  }
  await writeDurably(archive.path("review", "tasks.jsonl"), formatLines(tasks));
  await writeDurably(archive.path("review", "index.html"), renderReviewPage(tasks));
  return tasks;
}

/** The records of each emotion whose seeded digests are smallest. Memory: the sample. */
async function drawRecords(
  archive: Archive,
  sample: number,
  seed: number,
  signal: AbortSignal | undefined,
): Promise<ScoredRecord[]> {
  const quota = Math.ceil(sample / EMOTIONS.length);
  const drawn = new Map<EmotionName, { rank: string; record: ScoredRecord }[]>();
  for (const input of await readSummaries(archive, "select")) {
    signal?.throwIfAborted();
    for (const record of await readRecords<ScoredRecord>(archive, "select", input)) {
      const rank = createHash("sha256").update(`review:${seed}:${record.id}`).digest("hex");
      const list = drawn.get(record.emotion) ?? [];
      drawn.set(record.emotion, list);
      if (list.length >= quota && list.at(-1)!.rank <= rank) continue;
      list.push({ rank, record });
      list.sort((a, b) => (a.rank < b.rank ? -1 : 1));
      list.length = Math.min(list.length, quota);
    }
  }
  // Round by round over the emotions, so that a small sample is even too.
  const rounds = Array.from({ length: quota }, (_, round) =>
    EMOTIONS.flatMap((name) => drawn.get(name)?.[round] ?? []),
  );
  return rounds
    .flat()
    .slice(0, sample)
    .map(({ record }) => record);
}
