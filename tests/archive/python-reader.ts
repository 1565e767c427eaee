import { execFileSync } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const here = fileURLToPath(new URL("./", import.meta.url));
const venv = join(here, ".venv");
const python = join(venv, "bin", "python");

/** What webdataset, pyarrow and duckdb found in a published data set. */
export interface Found {
  readonly shards: number;
  readonly samples: number;
  readonly rows: number;
  readonly emotions: number;
  /** Groups with pictures in more than one split. */
  readonly leaking_groups: number;
  /** Width and height of all pictures, each pair once. */
  readonly sizes: readonly (readonly [number, number])[];
  /** Where tar, index and picture do not agree. */
  readonly faults: readonly string[];
}

/** An environment of its own with the pinned packages, made on first use and when they change. */
export function preparePython(): void {
  const wanted = readFileSync(join(here, "requirements.txt"), "utf8");
  const stamp = join(venv, "installed.txt");
  if (existsSync(stamp) && readFileSync(stamp, "utf8") === wanted) return;
  execFileSync("python3", ["-m", "venv", venv]);
  execFileSync(python, ["-m", "pip", "install", "--quiet", "-r", join(here, "requirements.txt")], { stdio: "inherit" });
  writeFileSync(stamp, wanted);
}

/** Opens a published data set as a user would. */
export function readDataset(folder: string): Found {
  return JSON.parse(execFileSync(python, [join(here, "read_dataset.py"), folder], { encoding: "utf8" })) as Found;
}
