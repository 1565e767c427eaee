import { mkdir, open, rm, stat } from "node:fs/promises";
import { dirname } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { isMissing } from "./present-file.ts";

/** A lock older than this is left over from a killed process: the work below is a matter of milliseconds. */
const STALE_MS = 30_000;
const POLL_MS = 20;

/** Runs work of a few milliseconds while no other process that asks for the same lock runs its own. The lock is a file, which any shared volume can make exclusively. */
export async function withFileLock<T>(path: string, work: () => Promise<T>): Promise<T> {
  await mkdir(dirname(path), { recursive: true });
  while (!(await tryLock(path))) {
    if (await isStale(path)) await rm(path, { force: true });
    else await sleep(POLL_MS * (1 + Math.random()));
  }
  try {
    return await work();
  } finally {
    await rm(path, { force: true });
  }
}

async function tryLock(path: string): Promise<boolean> {
  try {
    await (await open(path, "wx")).close();
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw error;
  }
}

async function isStale(path: string): Promise<boolean> {
  try {
    return Date.now() - (await stat(path)).mtimeMs > STALE_MS;
  } catch (error) {
    if (isMissing(error)) return false;
    throw error;
  }
}
