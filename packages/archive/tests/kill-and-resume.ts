import { type ChildProcess, spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";

const POLL_MS = 20;
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

/** What the undisturbed build took, and what it committed: summaries of units, shards and the files beside them. */
interface WholeBuild {
  readonly ms: number;
  readonly files: number;
}

/** Waits, from the start of a build in `dir`, for the moment of its kill; `killed` have died before it. Stops waiting when `signal` says that the build ended. */
export type KillMoment = (dir: string, killed: number, whole: WholeBuild, signal: AbortSignal) => Promise<unknown>;

/** A kill anywhere in a build, for one that is over so soon that its start counts: each part of the work gets its share, also when earlier runs have done much of it. */
export function anywhere(random: () => number): KillMoment {
  return (_dir, _killed, whole, signal) => sleep(whole.ms * (0.15 + 0.7 * random()), undefined, { signal });
}

/** `kills` moments in one long build, each in its share of what is committed, so that every stage gets some however long it takes; then a while into the work after it. */
export function spread(kills: number, random: () => number): KillMoment {
  return async (dir, killed, whole, signal) => {
    const due = (whole.files * (killed + random())) / kills;
    while ((await countCommitted(dir)) < due) await sleep(POLL_MS, undefined, { signal });
    await sleep((random() * whole.ms) / whole.files, undefined, { signal });
  };
}

/**
 * Builds one archive without disturbance and one whose process is killed at random moments and started again, until `kills` processes have died before their end;
 * then lets it finish. `build` gives Node's arguments for a folder; `look` sees the resumed archive before both are deleted.
 */
export async function killAndResumeBuild<T>(
  build: (dir: string) => readonly string[],
  kills: number,
  moment: KillMoment,
  look: (report: KillReport, rough: string) => Promise<T>,
): Promise<T> {
  const calm = await mkdtemp(join(tmpdir(), "archive-calm-"));
  const rough = await mkdtemp(join(tmpdir(), "archive-rough-"));
  const start = (dir: string): ChildProcess =>
    spawn(process.execPath, build(dir), { stdio: ["ignore", "ignore", "inherit"] });
  try {
    const started = performance.now();
    await finish(start(calm));
    const whole = { ms: performance.now() - started, files: await countCommitted(calm) };
    let killed = 0;
    for (let attempt = 0; killed < kills && attempt < kills * 3; attempt++) {
      const child = start(rough);
      const over = new AbortController();
      const ended = once(child, "exit") as Promise<[number | null, NodeJS.Signals | null]>;
      void ended.then(() => over.abort());
      await moment(rough, killed, whole, over.signal).catch((error: unknown) => {
        if (!over.signal.aborted) throw error;
      });
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

/** Files that commit something: the summary of a unit, or anything published. */
async function countCommitted(dir: string): Promise<number> {
  const list = (folder: string) => readdir(join(dir, folder), { recursive: true }).catch(() => []);
  const [units, published] = await Promise.all([list("stages"), list("dataset")]);
  return units.filter((name) => /\d\.json$/.test(name)).length + published.filter((name) => /\.\w+$/.test(name)).length;
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
