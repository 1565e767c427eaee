import { readdirSync, readFileSync } from "node:fs";
import { cpus, loadavg } from "node:os";
import { pairScenes } from "./dataset-record.ts";
import { WORLD_VERSION, type WorldCategory } from "./scene.ts";
import { openRenderer } from "./stage/renderer.ts";

/**
 * Measures how fast pictures of 256 px with part masks are drawn, in pairs as in a data set, shaders warm: pictures a second as they come,
 * and processor seconds a picture over this process and its browser, which other load on the machine does not change much.
 * The last line printed is one JSON object.
 */
export async function bench(categories: readonly WorldCategory[], count: number): Promise<void> {
  const renderer = openRenderer();
  const results: Record<string, { perSecond: number; cpuSeconds: number }> = {};
  try {
    for (const category of categories) {
      const pairs = Array.from({ length: Math.ceil(count / 2) }, (_, pair) => pairScenes(1, pair, 0, category));
      // Once to compile shaders and prepare lights, once to measure; nothing is cached between the two.
      for (const pair of pairs) await Promise.all(pair.map((scene) => renderer.render(scene, 256)));
      const cpu = processorSeconds();
      const started = performance.now();
      for (const pair of pairs) await Promise.all(pair.map((scene) => renderer.render(scene, 256)));
      const seconds = (performance.now() - started) / 1000;
      const spent = processorSeconds() - cpu;
      results[category] = {
        perSecond: round((pairs.length * 2) / seconds),
        cpuSeconds: round(spent / (pairs.length * 2)),
      };
      console.log(
        `${category}: ${results[category].perSecond}/s, ${(1000 * results[category].cpuSeconds).toFixed(0)} ms of processor each`,
      );
    }
  } finally {
    await renderer.close();
  }
  const load = loadavg()[0]!;
  console.log(
    JSON.stringify({
      bench: "world",
      worldVersion: WORLD_VERSION,
      size: 256,
      count,
      processors: cpus().length,
      load: round(load),
      results,
    }),
  );
}

function round(value: number): number {
  return Number(value.toPrecision(4));
}

/** Processor seconds of this process and everything it started (Linux; elsewhere of this process alone). */
function processorSeconds(): number {
  const own = process.cpuUsage();
  let ticks = 0;
  for (const pid of descendants(process.pid)) {
    const stat = readStat(pid);
    if (stat !== undefined) ticks += stat.ticks;
  }
  return (own.user + own.system) / 1e6 + ticks / 100;
}

function descendants(root: number): number[] {
  let entries: string[];
  try {
    entries = readdirSync("/proc").filter((name) => /^\d+$/.test(name));
  } catch {
    return [];
  }
  const parents = new Map(entries.map((name) => [Number(name), readStat(Number(name))?.parent]));
  const within = (pid: number): boolean => {
    for (let at = parents.get(pid); at !== undefined && at > 1; at = parents.get(at)) if (at === root) return true;
    return false;
  };
  return [...parents.keys()].filter(within);
}

function readStat(pid: number): { parent: number; ticks: number } | undefined {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, "utf8")
      .replace(/^.*\) /s, "")
      .split(" ");
    return { parent: Number(fields[1]), ticks: Number(fields[11]) + Number(fields[12]) };
  } catch {
    return undefined;
  }
}
