import {
  annotate,
  type Archive,
  ArchiveError,
  collect,
  expand,
  exportTasks,
  filter,
  importVerdicts,
  openArchive,
  parseShard,
  publish,
  readPhrases,
  type RunOptions,
  score,
  type StageReport,
  writeStats,
} from "@moodifier/archive";
import { UnavailableError, UsageError } from "../output/failure.ts";
import { withInterrupt } from "../server/with-server.ts";
import { type ArchiveServices, type ServiceOptions, withServices } from "./archive-services.ts";
import { type ClassifierOptions, openClassifier } from "./open-classifier.ts";
import { createProvider, type ProviderOptions } from "./create-provider.ts";
import { readNumber } from "./read-number.ts";
import { createStageBar, describeReview, printReport } from "./stage-output.ts";
import { withStageTrace } from "./stage-trace.ts";

interface CommonOptions {
  readonly out: string;
  readonly shard?: string;
  readonly quiet?: boolean;
  readonly json?: boolean;
}

/** Options as commander gives them. */
export type StageOptions = CommonOptions &
  ServiceOptions &
  ProviderOptions &
  ClassifierOptions &
  Readonly<Record<string, string | boolean | undefined>>;

type Step = (
  options: StageOptions,
  limits: RunOptions,
  print: (report: StageReport) => void,
  signal: AbortSignal,
) => Promise<void>;

/** Runs one command: progress, reports, interruption, and errors of the archive as refusals. */
export async function runStage(name: StageName, options: StageOptions): Promise<void> {
  const bar = createStageBar({ quiet: options.quiet === true, terminal: process.stderr.isTTY });
  const print = (report: StageReport): void => {
    bar.end();
    printReport(report, options.json === true);
  };
  try {
    const shard = options.shard === undefined ? undefined : parseShard(options.shard);
    await withStageTrace(name, () =>
      withInterrupt((signal) => STEPS[name](options, { shard, onProgress: bar.onProgress, signal }, print, signal)),
    );
  } catch (error) {
    throw toFailure(error);
  } finally {
    bar.end();
  }
}

/** What the archive refuses, as the command line tells of it and with its exit code. */
function toFailure(error: unknown): unknown {
  if (!(error instanceof ArchiveError)) return error;
  const { reason, message } = error;
  if (reason === "OPTION_INVALID") return new UsageError(`--${message}`, { cause: error });
  if (REFUSALS.has(reason)) return new UsageError(message, { cause: error });
  return UNAVAILABLE.has(reason) ? new UnavailableError(message, { cause: error }) : error;
}

const REFUSALS = new Set(["ARCHIVE_INVALID", "STAGE_INCOMPLETE", "VERDICT_INVALID"]);
const UNAVAILABLE = new Set(["PROVIDER_FAILED", "SERVICE_FAILED"]);

const runExpand: Step = async (options, limits, print, signal) => {
  const archive = await openOrBegin(options);
  if (options["planner"] === false) return print(await expand(archive, undefined, limits));
  await withServices(options, ["mllm"], signal, async ({ annotator }) =>
    print(await expand(archive, annotator, limits)),
  );
};

const runCollect: Step = async (options, limits, print) => {
  const archive = await openOrBegin(options);
  const provider = await createProvider(options, archive, (text) => process.stderr.write(text));
  try {
    print(await collect(archive, provider, limits));
  } finally {
    await provider.close?.();
  }
};

const runFilter: Step = async (options, limits, print) => {
  const archive = await openArchive(options.out);
  const nsfw = await openClassifier(options);
  try {
    const report = await filter(archive, {
      ...limits,
      nsfw,
      minSide: readNumber(options, "minSide"),
      maxDistance: readNumber(options, "maxDistance"),
    });
    print(report.filter);
    if (report.dedupe) print(report.dedupe);
  } finally {
    await nsfw?.close();
  }
};

const annotateWith = async (
  { annotator }: ArchiveServices,
  options: StageOptions,
  limits: RunOptions,
): Promise<StageReport> =>
  annotate(await openArchive(options.out), annotator, { ...limits, concurrency: readNumber(options, "concurrency") });

const runAnnotate: Step = (options, limits, print, signal) =>
  withServices(options, ["mllm"], signal, async (services) => print(await annotateWith(services, options, limits)));

const scoreWith = async (
  { scorer }: ArchiveServices,
  options: StageOptions,
  limits: RunOptions,
  print: (report: StageReport) => void,
) => {
  const archive = await openArchive(options.out);
  const cut = { concurrency: readNumber(options, "concurrency"), dropShare: readNumber(options, "dropShare") };
  const report = await score(archive, scorer, await readPhrases(archive), { ...limits, ...cut });
  print(report.score);
  if (report.select) print(report.select);
};

const runScore: Step = (options, limits, print, signal) =>
  withServices(options, ["clip"], signal, (services) => scoreWith(services, options, limits, print));

const runPublish: Step = async (options, limits, print) => {
  print(
    await publish(await openArchive(options.out), { ...limits, shardSamples: readNumber(options, "shardSamples") }),
  );
};

const runBuild: Step = async (options, limits, print, signal) => {
  const archive = await openOrBegin(options);
  // What is wrong with the provider's options is told before the services start and the phrases are written.
  await (await createProvider(options, archive, () => undefined)).close?.();
  await withServices(options, ["mllm", "clip"], signal, async (services) => {
    print(await expand(archive, services.annotator, limits));
    await runCollect(options, limits, print, signal);
    await runFilter(options, limits, print, signal);
    print(await annotateWith(services, options, limits));
    await scoreWith(services, options, limits, print);
    await runPublish(options, limits, print, signal);
    await runStats(options, limits, print, signal);
  });
};

const runReviewExport: Step = async (options, { signal }) => {
  const archive = await openArchive(options.out);
  const cut = { sample: readNumber(options, "sample"), seed: readNumber(options, "seed"), signal };
  const tasks = await exportTasks(archive, cut);
  process.stdout.write(`${tasks.length} tasks; open ${archive.path("review", "index.html")} to judge them\n`);
};

const runReviewImport: Step = async (options) => {
  const archive = await openArchive(options.out);
  const report = await importVerdicts(archive, options["verdicts"] as unknown as string[]);
  process.stdout.write(options.json ? `${JSON.stringify(report)}\n` : describeReview(report));
};

const runStats: Step = async (options, limits, print) =>
  print(await writeStats(await openArchive(options.out), limits));

const STEPS = {
  expand: runExpand,
  collect: runCollect,
  filter: runFilter,
  annotate: runAnnotate,
  score: runScore,
  publish: runPublish,
  build: runBuild,
  reviewExport: runReviewExport,
  reviewImport: runReviewImport,
  stats: runStats,
} as const;

/** The commands that this module runs. */
export type StageName = keyof typeof STEPS;

/** The archive, begun where there is none yet. */
function openOrBegin(options: StageOptions): Promise<Archive> {
  const unitSize = options["unitSize"] === undefined ? undefined : readNumber(options, "unitSize");
  return openArchive(options.out, { unitSize, create: true });
}
