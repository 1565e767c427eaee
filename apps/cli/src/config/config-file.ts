import { existsSync, readFileSync, statSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { UsageError } from "../output/failure.ts";

/** What a config file may say. */
export interface CliConfig {
  /** A running gateway. */
  readonly server?: string;
  /** Sent as `Authorization: Bearer`; the file must then be readable by its owner alone. */
  readonly apiKey?: string;
  readonly modelDir?: string;
  /** Options of commands that weren't given on the command line, by command: `{"edit": {"intensity": "0.5"}}`. */
  readonly options?: Readonly<Record<string, Readonly<Record<string, string | boolean | readonly string[]>>>>;
}

const keys = ["server", "apiKey", "modelDir", "options"];

/** The first of MOODIFIER_CONFIG, ./.moodifier.json and ~/.config/moodifier/config.json that exists; undefined without any. */
export function findConfigFile(env: NodeJS.ProcessEnv, folder: string): string | undefined {
  const named = env["MOODIFIER_CONFIG"];
  if (named !== undefined && named !== "") return named;
  const home = env["XDG_CONFIG_HOME"] ?? join(env["HOME"] ?? homedir(), ".config");
  return [join(folder, ".moodifier.json"), join(home, "moodifier", "config.json")].find((path) => existsSync(path));
}

/** Reads a config file; {} when there is none. Throws UsageError for what can't be read, unknown keys, and a key that others may read. */
export function readConfig(path: string | undefined): CliConfig {
  if (path === undefined) return {};
  const config = parse(path);
  const unknown = Object.keys(config).find((key) => !keys.includes(key));
  if (unknown !== undefined) {
    throw new UsageError(`${path}: expected the keys ${keys.join(", ")}, got "${unknown}"`);
  }
  for (const key of ["server", "apiKey", "modelDir"] as const) {
    if (config[key] !== undefined && typeof config[key] !== "string") {
      throw new UsageError(`${path}: ${key}: expected text, got ${typeof config[key]}`);
    }
  }
  checkOptions(path, config["options"]);
  if (config["apiKey"] !== undefined && (statSync(path).mode & 0o077) !== 0) {
    throw new UsageError(`${path} holds an API key and others may read it; run: chmod 600 ${path}`);
  }
  return config as CliConfig;
}

function parse(path: string): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(readFileSync(path, "utf8"));
  } catch (error) {
    throw new UsageError(`${path}: expected a readable JSON file (${(error as Error).message})`);
  }
  if (isRecord(value)) return value;
  throw new UsageError(`${path}: expected a JSON object`);
}

function checkOptions(path: string, options: unknown): void {
  if (options === undefined) return;
  const commands = isRecord(options) ? Object.entries(options) : [["options", undefined] as const];
  const faulty = commands.find(([, values]) => !isRecord(values) || !Object.values(values).every(isOptionValue));
  if (!faulty) return;
  throw new UsageError(
    `${path}: options: expected {"command": {"option": text, true, false or a list}}, got ${faulty[0]}`,
  );
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isOptionValue(value: unknown): boolean {
  return (
    typeof value === "string" ||
    typeof value === "boolean" ||
    (Array.isArray(value) && value.every((each) => typeof each === "string"))
  );
}
