import type { AnnotatedRecord, FilteredRecord } from "../record.ts";
import type { StageReport } from "../run/report.ts";
import { type Outcome, runRecordStage, type RunOptions } from "../run/run-stage.ts";
import type { Archive } from "../store/archive-folder.ts";
import { openPacks } from "../store/range-reader.ts";
import type { Annotator } from "./annotator.ts";
import { checkAnnotation } from "./check-annotation.ts";

/** Raised when the same reply would be judged otherwise. */
const VERSION = 1;

export interface AnnotateOptions extends RunOptions {
  /** Requests under way at once. */
  readonly concurrency?: number;
}

/**
 * Gives every record its five-sentence caption. A reply that does not hold what it must is asked for once more; a second bad one refuses the record, and the
 * reply's faults are kept with it. Annotations are kept one by one, so a kill costs those in work. Another model than before writes all of them anew.
 */
export async function annotate(
  archive: Archive,
  annotator: Annotator,
  { concurrency = 4, ...options }: AnnotateOptions = {},
): Promise<StageReport> {
  const packs = openPacks(archive);
  const describe = async (record: FilteredRecord, signal?: AbortSignal): Promise<Outcome<AnnotatedRecord>> => {
    const image = { bytes: await packs.read(record.blob), mediaType: record.mediaType };
    let why = { refused: "ANNOTATION_INVALID", detail: "" };
    for (let attempt = 0; attempt < 2; attempt++) {
      const reply = await annotator.annotate(image, signal);
      if ("refused" in reply) {
        why = reply;
        continue;
      }
      const annotation = checkAnnotation(reply);
      if (!("faults" in annotation)) {
        return { kept: { ...record, emotion: record.emotion ?? annotation.emotion, annotation } };
      }
      why = { refused: "ANNOTATION_INVALID", detail: annotation.faults.join("; ") };
    }
    return why;
  };
  try {
    return await runRecordStage<FilteredRecord, AnnotatedRecord>(
      archive,
      {
        stage: "annotate",
        from: "dedupe",
        settings: { VERSION, model: await annotator.identify(options.signal) },
        concurrency,
        journal: true,
        process: describe,
        carry: (record, { annotation }) => ({ ...record, emotion: record.emotion ?? annotation.emotion, annotation }),
        afterUnit: () => packs.trim(),
      },
      options,
    );
  } finally {
    await packs.close();
  }
}
