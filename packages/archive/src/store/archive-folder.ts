import { readdir, rm, stat } from "node:fs/promises";
import { join, resolve } from "node:path";
import { z } from "zod";
import { ArchiveError } from "../archive-error.ts";
import { PARTIAL_PREFIX, writeDurably } from "./durable-file.ts";
import { readTextIfPresent } from "./present-file.ts";

/** Stages that keep units, in their order. `dedupe` and `select` are the second halves of `filter` and `score`: they see the whole archive. */
export const UNIT_STAGES = ["collect", "filter", "dedupe", "annotate", "score", "select"] as const;
export type UnitStage = (typeof UNIT_STAGES)[number];

const settingsSchema = z.strictObject({
  format: z.literal("moodarchive"),
  version: z.literal(1),
  /** Records that a unit of `collect` has at most. A unit is what is committed, skipped and sharded. */
  unitSize: z.int().min(1).max(10_000),
});

export type ArchiveSettings = z.infer<typeof settingsSchema>;

/** Unit size of a new archive unless told. */
const DEFAULT_UNIT_SIZE = 500;

/** Half-written files older than this belong to no living process, milliseconds. */
const STALE_MS = 24 * 3_600_000;

/** The folder of an archive: `archive.json`, `expand/`, `stages/<stage>/NNNNNN.*`, `review/`, `dataset/`, `stats/`. */
export class Archive {
  readonly dir: string;
  readonly settings: ArchiveSettings;

  constructor(dir: string, settings: ArchiveSettings) {
    this.dir = dir;
    this.settings = settings;
  }

  path(...parts: string[]): string {
    return join(this.dir, ...parts);
  }

  /** A file of a unit; the extension without its dot. */
  unitPath(stage: UnitStage, unit: number, extension: "json" | "jsonl" | "refused.jsonl" | "pack" | "journal"): string {
    return this.path("stages", stage, `${String(unit).padStart(6, "0")}.${extension}`);
  }
}

/**
 * Opens an archive, and makes it when `unitSize` or `create` is given and the folder is empty or missing.
 * Throws ArchiveError ARCHIVE_INVALID, or OPTION_INVALID when the archive has another unit size.
 */
export async function openArchive(
  dir: string,
  options: { unitSize?: number | undefined; create?: boolean } = {},
): Promise<Archive> {
  const root = resolve(dir);
  const file = join(root, "archive.json");
  const text = await readTextIfPresent(file);
  if (text === undefined)
    return createArchive(root, file, options.unitSize ?? (options.create ? DEFAULT_UNIT_SIZE : undefined));
  const parsed = settingsSchema.safeParse(parseJson(text));
  if (!parsed.success) {
    throw new ArchiveError("ARCHIVE_INVALID", `${file}: expected a moodarchive of version 1, got ${text.slice(0, 80)}`);
  }
  if (options.unitSize !== undefined && options.unitSize !== parsed.data.unitSize) {
    const fault = `unit-size: this archive was begun with ${parsed.data.unitSize}, got ${options.unitSize}`;
    throw new ArchiveError("OPTION_INVALID", fault);
  }
  await removeStale(root);
  return new Archive(root, parsed.data);
}

async function createArchive(root: string, file: string, unitSize: number | undefined): Promise<Archive> {
  if (unitSize === undefined) {
    throw new ArchiveError(
      "ARCHIVE_INVALID",
      `${root}: expected an archive, found no archive.json; begin with "archive collect"`,
    );
  }
  const found = (await readdir(root).catch(() => [])).filter((name) => !name.startsWith(PARTIAL_PREFIX));
  // Another process was faster.
  if (found.includes("archive.json")) return openArchive(root, { unitSize });
  if (found.length > 0 && !found.every((name) => name === "expand")) {
    throw new ArchiveError("ARCHIVE_INVALID", `${root}: expected an archive or an empty folder, found ${found[0]}`);
  }
  const settings = settingsSchema.safeParse({ format: "moodarchive", version: 1, unitSize });
  if (!settings.success) {
    throw new ArchiveError("OPTION_INVALID", `unit-size: expected a whole number 1..10000, got ${unitSize}`);
  }
  await writeDurably(file, `${JSON.stringify(settings.data, null, 2)}\n`);
  return new Archive(root, settings.data);
}

/** Where files are written. */
const FOLDERS = ["", "collect", "expand", "review", "dataset", "dataset/index", "dataset/shards", "stats"].concat(
  UNIT_STAGES.map((stage) => join("stages", stage)),
);

/** What killed processes left half written; a file of a living one is younger. */
async function removeStale(root: string): Promise<void> {
  for (const where of FOLDERS) {
    const folder = join(root, where);
    const names = await readdir(folder).catch(() => []);
    for (const name of names.filter((entry) => entry.startsWith(PARTIAL_PREFIX))) {
      const age = Date.now() - ((await stat(join(folder, name)).catch(() => undefined))?.mtimeMs ?? Date.now());
      if (age > STALE_MS || !isAlive(name)) await rm(join(folder, name), { force: true });
    }
  }
}

/** Whether the process that writes the partial file may still run; its number is part of the name. Another machine's processes count as alive. */
function isAlive(name: string): boolean {
  const pid = Number(/-(\d+)-[0-9a-f]{8}$/.exec(name)?.[1]);
  if (!Number.isInteger(pid) || process.env["KUBERNETES_SERVICE_HOST"] !== undefined) return true;
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
