import { CONTEXTS } from "@moodifier/emotion";
import { type Command, Option } from "commander";

/** Adds the options of all providers. */
export function addProviderOptions(command: Command): Command {
  return command
    .addOption(
      new Option("--provider <name>", "where the pictures come from")
        .choices(["world", "folder"])
        .makeOptionMandatory(),
    )
    .option("--unit-size <number>", "records a unit has at most, for a new archive", "500")
    .option("--count <number>", "pictures in all (world)", "1000")
    .option("--seed <number>", "seed of the scenes (world)", "1")
    .option("--size <px>", "width and height (world)", "256")
    .option("--dir <folder>", "folder of pictures (folder)")
    .addOption(
      new Option("--context <name>", "context of pictures whose path names none")
        .choices([...CONTEXTS])
        .default("object"),
    )
    .option("--licence <id>", "licence of all pictures, an SPDX identifier where there is one (folder)")
    .option("--licence-url <url>", "its terms (folder)")
    .option("--attribution <text>", "whom to name (folder)", "");
}
