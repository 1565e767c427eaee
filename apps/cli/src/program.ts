import addCompletion from "@bomb.sh/tab/commander";
import { Command, CommanderError } from "commander";
import { addArchiveCommand } from "./commands/archive.ts";
import { addBatchCommand } from "./commands/batch.ts";
import { addEditCommand } from "./commands/edit.ts";
import { addEmotionsCommand } from "./commands/emotions.ts";
import { addKeysCommand } from "./commands/keys.ts";
import { addJobsCommand } from "./commands/jobs.ts";
import { addModelsCommand } from "./commands/models.ts";
import { addPlanCommand } from "./commands/plan.ts";
import { addServeCommand } from "./commands/serve.ts";
import { applyConfigTo } from "./config/apply-config.ts";
import { exitCodes, printFailure } from "./output/failure.ts";
import { version } from "./version.ts";

/** Runs the command line and resolves with the exit code. */
export async function run(args: readonly string[]): Promise<number> {
  const program = new Command("moodifier")
    .description("Give a picture an emotion.")
    .version(version)
    .showHelpAfterError("Add --help to see what is expected.")
    .configureOutput({ outputError: (text, write) => write(text.replace(/^error: /, "moodifier: ")) })
    .exitOverride()
    .addHelpText("after", help);
  applyConfigTo(program);
  addEditCommand(program);
  addPlanCommand(program);
  addBatchCommand(program);
  addJobsCommand(program);
  addEmotionsCommand(program);
  addServeCommand(program);
  addArchiveCommand(program);
  addModelsCommand(program);
  addKeysCommand(program);
  // Last, so that it knows all commands: `moodifier complete bash` prints the script to source.
  addCompletion(program);
  try {
    await program.parseAsync(args, { from: "user" });
    return Number(process.exitCode ?? exitCodes.done);
  } catch (error) {
    // Commander has printed its own complaints, and help and version are no failures.
    if (error instanceof CommanderError) return error.exitCode === 0 ? exitCodes.done : exitCodes.usage;
    return printFailure(error);
  }
}

const help = `
Example:
  moodifier edit face.png --emotion joy --out joy.png

Environment:
  MOODIFIER_SERVER   URL of a running gateway, instead of --server
  MOODIFIER_API_KEY  key that the gateway asks for
  MOODIFIER_CONFIG   file of options; ./.moodifier.json and ~/.config/moodifier/config.json unless told

Exit codes:
  0    done
  1    failed
  2    an argument, a picture or a mask was refused
  3    a server can't be reached, or a service behind it is down
  4    some rows of a batch failed
  130  interrupted`;
