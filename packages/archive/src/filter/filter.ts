import { decodeImage, ImageError, type Picture } from "@moodifier/inference";
import type { NsfwClassifier } from "@moodifier/safety";
import type { CollectedRecord, FilteredRecord } from "../record.ts";
import type { StageReport } from "../run/report.ts";
import { isComplete, type Outcome, runRecordStage, type RunOptions } from "../run/run-stage.ts";
import type { Archive } from "../store/archive-folder.ts";
import { openPacks } from "../store/range-reader.ts";
import { removeDuplicates } from "./remove-duplicates.ts";
import { averageColours, hashPicture, shrinkPicture } from "./perceptual-hash.ts";

/** Raised when the same pictures would be judged otherwise. */
const VERSION = 4;

/** What a picture must be to stay. */
export interface FilterOptions extends RunOptions {
  /** Shorter edge in pixels, at least. */
  readonly minSide?: number;
  /** Longer edge over shorter edge, at most. */
  readonly maxAspect?: number;
  /** Pixels at most; more are refused from the header alone. */
  readonly maxPixels?: number;
  /** Bits of {@link HASH_BITS} in which two pictures may differ and still count as the same, 0..7. */
  readonly maxDistance?: number;
  readonly nsfw?: Pick<NsfwClassifier, "modelId" | "score"> | undefined;
  /** Probability from which a picture counts as not safe for work. */
  readonly nsfwThreshold?: number;
  readonly concurrency?: number;
  /** False leaves the search for duplicates to a later run. */
  readonly duplicates?: boolean;
}

/** Both halves of the stage; the second is absent as long as other shards have not finished the first. */
export interface FilterReport {
  readonly filter: StageReport;
  readonly dedupe?: StageReport;
}

/**
 * Lets go of what is corrupt, too small or not safe for work, then, once every shard has come so far, of duplicates. The bytes decide, not the
 * file's name or media type.
 */
export async function filter(archive: Archive, options: FilterOptions = {}): Promise<FilterReport> {
  const { minSide = 128, maxAspect = 4, maxPixels = 40_000_000, nsfw, nsfwThreshold = 0.8, concurrency = 4 } = options;
  const packs = openPacks(archive);
  const judge = async (record: CollectedRecord, signal?: AbortSignal): Promise<Outcome<FilteredRecord>> => {
    const picture = await decode(await packs.read(record.blob), maxPixels, signal);
    if ("refused" in picture) return picture;
    const { width, height, mediaType } = picture;
    const [short, long] = [Math.min(width, height), Math.max(width, height)];
    if (short < minSide)
      return { refused: "TOO_SMALL", detail: `${width} x ${height} pixels, expected ${minSide} or more` };
    if (long > maxAspect * short)
      return { refused: "TOO_LONG", detail: `${width} x ${height} pixels, expected at most ${maxAspect}:1` };
    const small = await shrinkPicture(picture);
    const look = { mediaType, width, height, phash: hashPicture(small), colours: averageColours(small) };
    if (nsfw === undefined) return { kept: { ...record, ...look } };
    const score = Math.round((await nsfw.score(picture, signal)) * 1e4) / 1e4;
    if (score >= nsfwThreshold)
      return { refused: "NSFW", detail: `probability ${score}, allowed below ${nsfwThreshold}` };
    return { kept: { ...record, ...look, nsfw: score } };
  };
  try {
    const report = await runRecordStage<CollectedRecord, FilteredRecord>(
      archive,
      {
        stage: "filter",
        from: "collect",
        settings: { VERSION, minSide, maxAspect, maxPixels, nsfw: nsfw?.modelId, nsfwThreshold: nsfw && nsfwThreshold },
        concurrency,
        journal: nsfw !== undefined,
        process: judge,
        afterUnit: () => packs.trim(),
      },
      options,
    );
    if (options.duplicates === false || !(await isComplete(archive, "filter"))) return { filter: report };
    return { filter: report, dedupe: await removeDuplicates(archive, options) };
  } finally {
    await packs.close();
  }
}

async function decode(
  bytes: Uint8Array,
  maxPixels: number,
  signal: AbortSignal | undefined,
): Promise<Picture | { refused: string; detail: string }> {
  try {
    return await decodeImage(bytes, { maxPixels, signal });
  } catch (error) {
    if (!(error instanceof ImageError)) throw error;
    return { refused: error.reason, detail: error.message };
  }
}
