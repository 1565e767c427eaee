import type { Command } from "commander";
import type { Warning } from "../server/api-types.ts";

/** Adds the options that choose the server. */
export function addServerOptions(command: Command): Command {
  return command
    .option("--server <url>", "a running gateway; without it the services are started for this command")
    .option("--model-dir <folder>", "model family to start the services with (default: models/mini)")
    .option("--verbose", "show the services' logs");
}

/** Adds the options that say what to plan. */
export function addPlanOptions(command: Command): Command {
  return command
    .argument("<in>", "picture: PNG, JPEG or WebP")
    .requiredOption("-e, --emotion <name>", 'emotion; "moodifier emotions" lists them')
    .option("-i, --intensity <0..1>", "strength of the emotion (default: 0.8)")
    .option("--mask <file>", "PNG, white where the picture may change; the proportions of the upright picture")
    .option("--region <name>", 'part that may change, for example "mouth"')
    .option("--category <name>", "what the picture shows; recognised unless told");
}

export interface PlanOptions {
  readonly emotion: string;
  readonly intensity?: string;
  readonly mask?: string;
  readonly region?: string;
  readonly category?: string;
}

/** Prints warnings to standard error. */
export function printWarnings(warnings: readonly Warning[]): void {
  for (const { code, message } of warnings) process.stderr.write(`warning: ${message} (${code})\n`);
}
