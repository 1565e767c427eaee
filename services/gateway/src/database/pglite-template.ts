import { mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import process from "node:process";
import type { PGlite } from "@electric-sql/pglite";

/**
 * Making an empty database takes PGlite seconds of CPU time, unpacking one a tenth of that: the first one of a version is kept beside the installed packages. A cache that can't be read or
 * written is done without.
 */
function templateFile(): string {
  const entry = createRequire(import.meta.url).resolve("@electric-sql/pglite");
  const packageFolder = entry.slice(0, entry.lastIndexOf(join("@electric-sql", "pglite")));
  const { version } = createRequire(entry)("../package.json") as { version: string };
  return join(packageFolder, ".cache", "moodifier", `pglite-${version}.tar`);
}

/** The kept empty database; undefined when there is none. */
export async function readTemplate(): Promise<Blob | undefined> {
  try {
    return new Blob([await readFile(templateFile())]);
  } catch {
    return undefined;
  }
}

/** Keeps an empty database. */
export async function writeTemplate(database: PGlite): Promise<void> {
  try {
    const file = templateFile();
    const draft = `${file}.${process.pid}`;
    await mkdir(dirname(file), { recursive: true });
    const dump = await database.dumpDataDir("none");
    await writeFile(draft, new Uint8Array(await dump.arrayBuffer()));
    await rename(draft, file);
  } catch {
    // The next start makes its own database again.
  }
}
