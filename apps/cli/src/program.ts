import { Command, CommanderError } from "commander";
import { addArchiveCommand } from "./commands/archive.ts";
import { addEditCommand } from "./commands/edit.ts";
import { addEmotionsCommand } from "./commands/emotions.ts";
import { addKeysCommand } from "./commands/keys.ts";
import { addModelsCommand } from "./commands/models.ts";
import { addPlanCommand } from "./commands/plan.ts";
import { addServeCommand } from "./commands/serve.ts";
import { exitCodes, printFailure } from "./output/failure.ts";
import { version } from "./version.ts";

/** Runs the command line and resolves with the exit code. */
export async function run(args: readonly string[]): Promise<number> {
  const program = new Command("moodifier")
    .description("Give a picture an emotion.")
    .version(version)
    .showHelpAfterError()
    .exitOverride()
    .addHelpText("after", exitCodeHelp);
  addEditCommand(program);
  addPlanCommand(program);
  addEmotionsCommand(program);
  addServeCommand(program);
  addArchiveCommand(program);
  addModelsCommand(program);
  addKeysCommand(program);
  try {
    await program.parseAsync(args, { from: "user" });
    return exitCodes.done;
  } catch (error) {
    // Commander has printed its own complaints, and help and version are no failures.
    if (error instanceof CommanderError) return error.exitCode === 0 ? exitCodes.done : exitCodes.usage;
    return printFailure(error);
  }
}

const exitCodeHelp = `
Exit codes:
  0  done
  1  the edit failed
  2  an argument, a picture or a mask was refused
  3  a server can't be reached, or a service behind it is down
  130  interrupted`;
