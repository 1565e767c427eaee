import type { Command } from "commander";
import { UsageError } from "../output/failure.ts";
import { useApiKey } from "../server/api.ts";
import { type CliConfig, findConfigFile, readConfig } from "./config-file.ts";

/**
 * Before each command, options that weren't given take their value from the environment (MOODIFIER_SERVER), then from the config file.
 * The API key comes from MOODIFIER_API_KEY or the file, never from an option: others can see those.
 */
export function applyConfigTo(program: Command): void {
  program.hook("preAction", (_program, command) => {
    const config = readConfig(findConfigFile(process.env, process.cwd()));
    const server = process.env["MOODIFIER_SERVER"] || config.server;
    useApiKey(process.env["MOODIFIER_API_KEY"] || config.apiKey);
    const values: Record<string, unknown> = {
      ...(server !== undefined && { server }),
      ...(config.modelDir !== undefined && { modelDir: config.modelDir }),
    };
    setMissing(command, values);
    setMissing(command, optionsOf(command, config));
  });
}

/** "batch run" for the command of that name. */
export function pathOf(command: Command): string {
  const names: string[] = [];
  for (let each: Command | null = command; each?.parent; each = each.parent) names.unshift(each.name());
  return names.join(" ");
}

function optionsOf(command: Command, { options = {} }: CliConfig): Record<string, unknown> {
  const path = pathOf(command);
  const given = options[path] ?? {};
  const unknown = Object.keys(given).find((name) => !command.options.some((option) => option.attributeName() === name));
  if (unknown === undefined) return given;
  const known = command.options.map((option) => option.attributeName()).join(", ");
  throw new UsageError(`config: options of "${path}": expected some of ${known}, got "${unknown}"`);
}

function setMissing(command: Command, values: Readonly<Record<string, unknown>>): void {
  for (const option of command.options) {
    const name = option.attributeName();
    const source = command.getOptionValueSource(name);
    if (values[name] === undefined || (source !== undefined && source !== "default")) continue;
    command.setOptionValueWithSource(name, values[name], "config");
  }
}
