import { randomUUID } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { link, readFile, rename, stat, unlink, utimes, writeFile } from "node:fs/promises";
import { hostname } from "node:os";
import process from "node:process";
import { MoodError } from "@moodifier/service-kit";

/** A held lock. */
export interface FolderLock {
  /** Frees it; further calls do nothing. */
  release(): Promise<void>;
}

interface Owner {
  readonly pid: number;
  readonly host: string;
  /** When the process began, in the kernel's ticks: tells a process from a later one with the same number. Empty where unknown. */
  readonly started: string;
  readonly token: string;
}

const touchMs = 5000;

/** A lock of another host counts as left behind when its file was not touched for so long. */
const abandonedMs = 30_000;

/** Tokens that this process holds: a lock with our own number but another token is left from an earlier life, as in a restarted container. */
const held = new Set<string>();

/**
 * Takes a lock file; one that a dead process left behind is taken over.
 * Errors: FAILED_PRECONDITION (DATA_DIR_LOCKED) with the owner's pid and host.
 */
export async function acquireLock(file: string): Promise<FolderLock> {
  const owner: Owner = {
    pid: process.pid,
    host: hostname(),
    started: startOf(process.pid),
    token: randomUUID(),
  };
  const draft = `${file}.${owner.token}`;
  await writeFile(draft, JSON.stringify(owner));
  try {
    for (let tries = 0; tries < 10; tries += 1) {
      if (await tryLink(draft, file)) return keep(file, owner);
      await removeIfAbandoned(file);
    }
    throw lockedBy(file, undefined);
  } finally {
    await unlink(draft).catch(() => undefined);
  }
}

async function tryLink(draft: string, file: string): Promise<boolean> {
  try {
    await link(draft, file);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw error;
  }
}

function keep(file: string, { token }: Owner): FolderLock {
  held.add(token);
  const timer = setInterval(() => {
    const now = new Date();
    utimes(file, now, now).catch(() => undefined);
  }, touchMs);
  timer.unref();
  return {
    release: async () => {
      if (!held.delete(token)) return;
      clearInterval(timer);
      await unlink(file).catch(() => undefined);
    },
  };
}

/** Removes a lock whose owner is gone. Throws when the owner lives. */
async function removeIfAbandoned(file: string): Promise<void> {
  const owner = await readOwner(file);
  if (owner === undefined) return;
  if (await isAlive(file, owner)) throw lockedBy(file, owner);
  // Renamed first: when two processes find the same dead owner, only what both have read is removed, never a fresh lock.
  const aside = `${file}.${randomUUID()}`;
  try {
    await rename(file, aside);
  } catch {
    return;
  }
  const moved = await readOwner(aside);
  if (moved && moved.token !== owner.token) await link(aside, file).catch(() => undefined);
  await unlink(aside).catch(() => undefined);
}

async function readOwner(file: string): Promise<Owner | undefined> {
  try {
    return JSON.parse(await readFile(file, "utf8")) as Owner;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw lockedBy(file, undefined);
  }
}

async function isAlive(file: string, { pid, host, started, token }: Owner): Promise<boolean> {
  if (host !== hostname()) {
    const touched = (await stat(file).catch(() => undefined))?.mtimeMs ?? 0;
    return Date.now() - touched < abandonedMs;
  }
  if (pid === process.pid) return held.has(token);
  try {
    process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
  return started === "" || startOf(pid) === started;
}

function startOf(pid: number): string {
  const file = `/proc/${pid}/stat`;
  if (!existsSync(file)) return "";
  try {
    // Field 22; the second field is a name in parentheses that may hold spaces.
    return readFileSync(file, "utf8").split(") ").at(-1)?.split(" ")[19] ?? "";
  } catch {
    return "";
  }
}

function lockedBy(file: string, owner: Owner | undefined): MoodError {
  const by = owner ? `process ${owner.pid} on ${owner.host}` : "another process";
  return new MoodError(
    "FAILED_PRECONDITION",
    "DATA_DIR_LOCKED",
    `${file}: expected a data folder that no other process uses, got one that ${by} holds. Stop it, name another folder, or use PostgreSQL (MOODIFIER_DATABASE_URL).`,
    { details: { argument: "MOODIFIER_DATA_DIR", ...(owner && { pid: owner.pid, host: owner.host }) } },
  );
}
