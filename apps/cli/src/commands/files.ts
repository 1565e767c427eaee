import { access, constants, mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { basename, dirname, extname, join } from "node:path";
import { UsageError } from "../output/failure.ts";

/** Reads an input file. */
export async function readInput(argument: string, path: string): Promise<Uint8Array<ArrayBuffer>> {
  try {
    return new Uint8Array(await readFile(path));
  } catch (error) {
    throw new UsageError(`${argument}: expected a readable file, got "${path}" (${(error as Error).message})`);
  }
}

/** Makes sure, before any work, that a file can be written: one of the extensions, folder there. Throws UsageError. */
export async function checkOutput(
  option: string,
  path: string | undefined,
  extensions: readonly string[],
): Promise<void> {
  if (path === undefined) return;
  if (!extensions.includes(extname(path).toLowerCase())) {
    throw new UsageError(`${option}: expected a name that ends in ${extensions.join(" or ")}, got "${path}"`);
  }
  await checkFolder(option, dirname(path));
}

/** Makes a folder, where it is missing, that can be written to. Throws UsageError. */
export async function checkFolder(option: string, folder: string): Promise<void> {
  try {
    await mkdir(folder, { recursive: true });
    await access(folder, constants.W_OK);
  } catch (error) {
    throw new UsageError(`${option}: expected a writable folder, got "${folder}" (${(error as Error).message})`);
  }
}

/** Writes a file whole or not at all. */
export async function writeOutput(path: string, data: Uint8Array | string): Promise<void> {
  const partial = join(dirname(path), `.${basename(path)}.${process.pid}.part`);
  try {
    await writeFile(partial, data);
    await rename(partial, path);
  } finally {
    await rm(partial, { force: true });
  }
}
