import type { Command } from "commander";
import type { StageName, StageOptions } from "../archive/run-stage.ts";
import { addProviderOptions } from "./provider-options.ts";

/** `moodifier archive ...`. */
export function addArchiveCommand(program: Command): void {
  const archive = program.command("archive").description("build an emotion data set, stage by stage");
  addShared(archive, "expand", "write the search phrases of each emotion in each context")
    .option("--no-planner", "the committed phrases alone")
    .option("--unit-size <number>", "records a unit has at most, for a new archive (default: 500)")
    .action(lazily("expand"));
  addProviderOptions(addShared(archive, "collect", "fetch pictures from a provider")).action(lazily("collect"));
  addFilterOptions(addShared(archive, "filter", "let go of what is corrupt, too small, unsafe or a duplicate")).action(
    lazily("filter"),
  );
  addServices(addShared(archive, "annotate", "write the five-sentence captions")).action(lazily("annotate"));
  addServices(addShared(archive, "score", "score pictures against their emotion and drop the lowest"))
    .option("--drop-share <0..0.9>", "share of each emotion that is dropped", "0.2")
    .action(lazily("score"));
  addPublishOptions(addShared(archive, "publish", "write WebDataset shards, Parquet index and data card")).action(
    lazily("publish"),
  );
  const review = archive.command("review").description("have people judge a sample");
  addReview(review, "export", "write tasks, pictures and a page for reviewers")
    .option("--sample <number>", "pictures in all, spread over the emotions", "500")
    .option("--seed <number>", "another seed draws other pictures", "1")
    .action(lazily("reviewExport"));
  addReview(review, "import", "take verdicts in; report acceptance and agreement")
    .argument("<verdicts...>", "JSONL files: id, reviewer, verdict, reason")
    .action((verdicts: string[], options: StageOptions) => lazily("reviewImport")({ ...options, verdicts } as never));
  addStage(archive, "stats", "write tables and plots").action(lazily("stats"));
  addServices(
    addPublishOptions(
      addFilterOptions(addProviderOptions(addStage(archive, "build", "every stage, one after another"))),
    ),
  )
    .option("--drop-share <0..0.9>", "share of each emotion that is dropped", "0.2")
    .action(lazily("build"));
}

function addStage(archive: Command, name: string, description: string): Command {
  return archive
    .command(name)
    .description(description)
    .requiredOption("-o, --out <folder>", "the archive")
    .option("--json", "print the report as one JSON line")
    .option("-q, --quiet", "show no progress");
}

/** A stage whose units can be shared out. */
function addShared(archive: Command, name: string, description: string): Command {
  return addStage(archive, name, description).option("--shard <i/n>", "only this share of the units, 0 <= i < n");
}

function addReview(review: Command, name: string, description: string): Command {
  return review
    .command(name)
    .description(description)
    .requiredOption("-o, --out <folder>", "the archive")
    .option("--json", "print the report as one JSON line");
}

function addServices(command: Command): Command {
  return command
    .option("--mllm <host:port>", "a running planner service; without it the services are started for this command")
    .option("--clip <host:port>", "a running encoder service; without it the services are started for this command")
    .option("--model-dir <folder>", "model family to start the services with (default: models/mini)")
    .option("--concurrency <number>", "requests under way at once", "4")
    .option("--verbose", "show the services' logs");
}

function addFilterOptions(command: Command): Command {
  return command
    .option("--min-side <px>", "shorter edge of a picture, at least", "128")
    .option("--max-distance <0..7>", "bits of 256 in which near duplicates may differ", "4")
    .option("--nsfw-model <file>", "the Open-NSFW graph; fetched at its first use unless named")
    .option("--no-nsfw", "do not check whether pictures are safe for work");
}

function addPublishOptions(command: Command): Command {
  return command.option("--shard-samples <number>", "samples of a tar shard, at most", "1000");
}

/** Loads the pipeline only when one of its commands runs: the others start without it. */
function lazily(name: StageName): (options: StageOptions) => Promise<void> {
  return async (options) => (await import("../archive/run-stage.ts")).runStage(name, options);
}
