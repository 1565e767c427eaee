import { CONTEXTS } from "@moodifier/emotion";
import { type Command, Option } from "commander";

const PROVIDERS = ["world", "folder", "http-list", "openverse", "unsplash", "pexels", "pixabay"];

/** Adds the options of all providers. */
export function addProviderOptions(command: Command): Command {
  return command
    .addOption(new Option("--provider <name>", "where the pictures come from").choices(PROVIDERS).makeOptionMandatory())
    .option("--unit-size <number>", "records a unit has at most, for a new archive (default: 500)")
    .option("--count <number>", "pictures in all (world)", "1000")
    .option("--seed <number>", "seed of the scenes (world)", "1")
    .option("--size <px>", "width and height (world)", "256")
    .option(
      "--categories <names>",
      "what is drawn, separated by commas, or all; all but face need Chromium (world)",
      "all",
    )
    .option("--dir <folder>", "folder of pictures (folder)")
    .option("--list <file.jsonl>", "pictures' addresses, licences and contexts (http-list)")
    .option("--per-phrase <number>", "pictures asked for each phrase (searches)", "20")
    .option("--emotions <names>", "only these, separated by commas (searches)")
    .option("--contexts <names>", "only these, separated by commas (searches)")
    .option("--contact <address>", "what servers see as your contact (all that use the network)")
    .option("--skip-unreachable", "refuse pictures of sites whose robots.txt can't be read, instead of stopping")
    .addOption(
      new Option("--context <name>", "context of pictures whose path names none (folder)")
        .choices([...CONTEXTS])
        .default("object"),
    )
    .option("--licence <id>", "licence of all pictures, an SPDX identifier where there is one (folder)")
    .option("--licence-url <url>", "its terms (folder)")
    .option("--attribution <text>", "whom to name (folder)", "")
    .addHelpText(
      "after",
      "\nKeys come from MOODIFIER_{UNSPLASH,PEXELS,PIXABAY}_KEY; MOODIFIER_OPENVERSE_KEY may hold a token.",
    );
}
