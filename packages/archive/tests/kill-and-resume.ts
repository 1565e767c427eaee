import { type ChildProcess, spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";

const standIns = fileURLToPath(new URL("build-archive.ts", import.meta.url));

/** What a build gave that was killed on its way, and one that was not. */
export interface KillReport {
  /** Published files and their digests. */
  readonly undisturbed: Readonly<Record<string, string>>;
  readonly resumed: Readonly<Record<string, string>>;
  /** Processes that died by SIGKILL before they were done. */
  readonly kills: number;
}

/** The same of a build of stand-ins. */
export interface StandInReport extends KillReport {
  /** How often the resumed archive's annotator was asked about a picture that it had been asked about before. */
  readonly askedAgain: number;
}

/** A build of stand-ins; DIR/asked.log keeps count of the annotator. */
export async function killAndResume(records: number, kills: number, random: () => number): Promise<StandInReport> {
  const build = (dir: string): string[] => ["--conditions=source", "--no-warnings", standIns, dir, String(records)];
  return killAndResumeBuild(build, kills, anywhere(random), async (report, rough) => {
    const asked = (await readFile(join(rough, "asked.log"), "utf8")).trimEnd().split("\n");
    return { ...report, askedAgain: asked.length - new Set(asked).size };
  });
}

/** A kill anywhere in a build, for one that is over so soon that its start counts: each part of the work gets its share, also when earlier runs have done much of it. */
export function anywhere(random: () => number): (wholeMs: number) => number {
  return (wholeMs) => wholeMs * (0.15 + 0.7 * random());
}

/** Kills that lie in one long build: `kills` of them come before it ends, more or less. */
export function spread(kills: number, random: () => number): (wholeMs: number) => number {
  return (wholeMs) => (wholeMs / (kills * 1.3)) * (0.3 + 1.4 * random());
}

/**
 * Builds one archive without disturbance and one whose process is killed at random moments and started again, until `kills` processes have died before their end;
 * then lets it finish. `build` gives Node's arguments for a folder, `after` the time from a start to its kill, in ms, by the time that a whole build takes; `look` sees the resumed archive before both are deleted.
 */
export async function killAndResumeBuild<T>(
  build: (dir: string) => readonly string[],
  kills: number,
  after: (wholeMs: number) => number,
  look: (report: KillReport, rough: string) => Promise<T>,
): Promise<T> {
  const calm = await mkdtemp(join(tmpdir(), "archive-calm-"));
  const rough = await mkdtemp(join(tmpdir(), "archive-rough-"));
  const start = (dir: string): ChildProcess =>
    spawn(process.execPath, build(dir), { stdio: ["ignore", "ignore", "inherit"] });
  try {
    const started = performance.now();
    await finish(start(calm));
    const wholeMs = performance.now() - started;
    let killed = 0;
    for (let attempt = 0; killed < kills && attempt < kills * 3; attempt++) {
      const child = start(rough);
      const ended = once(child, "exit") as Promise<[number | null, NodeJS.Signals | null]>;
      await Promise.race([sleep(after(wholeMs)), ended]);
      child.kill("SIGKILL");
      const [, signal] = await ended;
      if (signal === "SIGKILL") killed++;
      // It was done before its time: begin again, so that the next kill finds work.
      else await rm(rough, { recursive: true, force: true });
    }
    await finish(start(rough));
    const report = { undisturbed: await digestFiles(calm), resumed: await digestFiles(rough), kills: killed };
    return await look(report, rough);
  } finally {
    await rm(calm, { recursive: true, force: true });
    await rm(rough, { recursive: true, force: true });
  }
}

async function finish(child: ChildProcess): Promise<void> {
  const [code] = (await once(child, "exit")) as [number | null];
  if (code !== 0) throw new Error(`the build ended with code ${code}`);
}

async function digestFiles(dir: string): Promise<Record<string, string>> {
  const digests: Record<string, string> = {};
  for (const entry of await readdir(join(dir, "dataset"), { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const path = join(entry.parentPath, entry.name);
    digests[path.slice(dir.length + 1)] = createHash("sha256")
      .update(await readFile(path))
      .digest("hex");
  }
  return digests;
}
