/** MoodArchive: from search phrases to a published emotion data set. */
export { annotate, type AnnotateOptions } from "./annotate/annotate.ts";
export { type Annotator, connectAnnotator, type RawAnnotation } from "./annotate/annotator.ts";
export { ArchiveError, type ArchiveReason } from "./archive-error.ts";
export { collect } from "./collect/collect.ts";
export type { Candidate, Declined, PlanRequest, Provider } from "./collect/provider.ts";
export { PoliteClient, type PoliteOptions } from "./collect/http/polite-client.ts";
export { createFolderProvider, type FolderOptions } from "./collect/providers/folder.ts";
export { createHttpListProvider } from "./collect/providers/http-list.ts";
export { createOpenverse, type OpenverseOptions } from "./collect/search/openverse.ts";
export { createPexels } from "./collect/search/pexels.ts";
export { createPixabay } from "./collect/search/pixabay.ts";
export {
  createSearchProvider,
  type SearchApi,
  type SearchHit,
  type SearchOptions,
} from "./collect/search/search-provider.ts";
export { createUnsplash, type KeyedOptions } from "./collect/search/unsplash.ts";
export { createWorldProvider, type WorldOptions } from "./collect/providers/world.ts";
export { expand, readPhrases } from "./expand/expand.ts";
export { DEFAULT_PHRASES, type PhraseTable } from "./expand/phrases.ts";
export { filter, type FilterOptions, type FilterReport } from "./filter/filter.ts";
export { removeDuplicates } from "./filter/remove-duplicates.ts";
export { publish, type PublishOptions } from "./publish/publish.ts";
export { exportTasks, type ExportOptions } from "./review/export-tasks.ts";
export type { ReviewTask } from "./review/review-task.ts";
export { importVerdicts } from "./review/import-verdicts.ts";
export type { ReviewReport } from "./review/review-report.ts";
export type { ProgressListener, StageProgress, StageReport } from "./run/report.ts";
export type { RunOptions } from "./run/run-stage.ts";
export { parseShard, type Shard } from "./run/shard.ts";
export { score, type ScoreOptions, type ScoreReport } from "./score/score.ts";
export { connectScorer, type Scorer } from "./score/scorer.ts";
export { readFunnel } from "./stats/funnel.ts";
export { type Archive, openArchive } from "./store/archive-folder.ts";
export { writeStats } from "./stats/stats.ts";
