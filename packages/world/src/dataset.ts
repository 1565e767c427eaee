import { mkdir, open, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Worker } from "node:worker_threads";
import { WORLD_VERSION } from "./scene.ts";
import { PARTS } from "./parts.ts";
import { WorldError, type WorldErrorReason } from "./world-error.ts";
import { FACES_ONLY, type CategoryShares } from "./dataset-record.ts";
import type { DatasetAnswer, DatasetTask } from "./dataset-worker.ts";
import { chromiumMissing, findChromium } from "./stage/browser.ts";

/** What {@link writeDataset} writes. */
export interface DatasetOptions {
  readonly dir: string;
  /** Pictures; even, because they come in pairs. */
  readonly count: number;
  readonly seed: number;
  /** Pixels on a side; default 256. */
  readonly size?: number;
  /** Shares of the categories; faces only by default. Anything but faces needs Chromium. */
  readonly shares?: CategoryShares;
  /** One style or shape family for every picture, held-out styles included; drawn by the training weights when absent. */
  readonly style?: string;
  /** Folder of cached renders of products and places. */
  readonly cacheDir?: string;
  /** Worker threads; default 2. Each that draws products or places has a browser of its own. */
  readonly workers?: number;
  readonly signal?: AbortSignal;
  /** Called with the number of pictures written so far. */
  readonly onProgress?: (written: number) => void;
}

/** The content of `dataset.json`. */
export interface DatasetHeader {
  readonly format: "moodworld-raw";
  readonly version: 1;
  readonly worldVersion: string;
  readonly size: number;
  readonly count: number;
  readonly parts: readonly string[];
  readonly seed: number;
}

const PAIRS_PER_TASK = 32;

/**
 * Writes a `moodworld-raw` data set: `images.u8`, `parts.u8`, `records.jsonl` and, last, `dataset.json`; a folder without
 * `dataset.json` is not complete. The same options give the same bytes whatever the number of workers.
 */
export async function writeDataset(options: DatasetOptions): Promise<DatasetHeader> {
  const {
    dir,
    count,
    seed,
    size = 256,
    workers = 2,
    shares = FACES_ONLY,
    style,
    cacheDir,
    signal,
    onProgress,
  } = options;
  if (!Number.isInteger(count) || count < 2 || count % 2 !== 0) {
    throw new WorldError("COUNT_OUT_OF_RANGE", `count must be an even number of pictures from 2, not ${count}`);
  }
  const drawn = Object.entries(shares).filter(([, share]) => share > 0);
  if (drawn.some(([category]) => category !== "face") && findChromium() === undefined) throw chromiumMissing();
  await mkdir(dir, { recursive: true });
  await rm(join(dir, "dataset.json"), { force: true });
  for (const [name, depth] of [
    ["images.u8", 3],
    ["parts.u8", 1],
  ] as const) {
    const file = await open(join(dir, name), "w");
    await file.truncate(count * size * size * depth);
    await file.close();
  }
  const pairs = count / 2;
  const optional = { ...(style === undefined ? {} : { style }), ...(cacheDir === undefined ? {} : { cacheDir }) };
  const lines: string[] = Array.from({ length: count });
  let next = 0;
  let written = 0;
  const take = (): DatasetTask | undefined => {
    if (next >= pairs) return undefined;
    const from = next;
    next = Math.min(pairs, next + PAIRS_PER_TASK);
    return { dir, seed, size, shares, from, to: next, ...optional };
  };
  const run = async (): Promise<void> => {
    // Run from source (tests, no build), the worker is TypeScript too and finds its packages by their sources.
    const fromSource = import.meta.url.endsWith(".ts");
    const entry = new URL(`./dataset-worker.${fromSource ? "ts" : "js"}`, import.meta.url);
    const worker = new Worker(entry, fromSource ? { execArgv: ["--conditions=source"] } : {});
    try {
      for (let task = take(); task !== undefined; task = take()) {
        signal?.throwIfAborted();
        const records = await ask(worker, task);
        records.forEach((line, i) => (lines[task.from * 2 + i] = line));
        written += records.length;
        onProgress?.(written);
      }
    } finally {
      await ask(worker, "close").catch(() => undefined);
      await worker.terminate();
    }
  };
  await Promise.all(Array.from({ length: Math.max(1, Math.min(workers, pairs)) }, run));
  await writeFile(join(dir, "records.jsonl"), lines.join("\n") + "\n");
  const header: DatasetHeader = {
    format: "moodworld-raw",
    version: 1,
    worldVersion: WORLD_VERSION,
    size,
    count,
    parts: PARTS,
    seed,
  };
  await writeFile(join(dir, "dataset.json.part"), JSON.stringify(header, null, 2) + "\n");
  await rename(join(dir, "dataset.json.part"), join(dir, "dataset.json"));
  return header;
}

function ask(worker: Worker, task: DatasetTask | "close"): Promise<string[]> {
  return new Promise((resolve, reject) => {
    const settle = (): void => {
      worker.off("message", onMessage);
      worker.off("error", onError);
    };
    const onMessage = (answer: DatasetAnswer): void => {
      settle();
      if ("lines" in answer) resolve(answer.lines);
      else reject(new WorldError(answer.reason as WorldErrorReason, answer.message));
    };
    const onError = (error: unknown): void => {
      settle();
      reject(error);
    };
    worker.on("message", onMessage);
    worker.on("error", onError);
    worker.postMessage(task);
  });
}
