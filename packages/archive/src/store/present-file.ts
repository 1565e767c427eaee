import { readFile } from "node:fs/promises";

/** A file's bytes; undefined when there is no such file. Any other fault throws: one that passes must not count as absence. */
export async function readIfPresent(path: string): Promise<Buffer | undefined> {
  try {
    return await readFile(path);
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

/** The same as text. */
export async function readTextIfPresent(path: string): Promise<string | undefined> {
  return (await readIfPresent(path))?.toString("utf8");
}

/** Whether a file operation failed because there is no such file. */
export function isMissing(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "ENOENT";
}
