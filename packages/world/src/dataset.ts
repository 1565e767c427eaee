import { mkdir, open, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Worker } from "node:worker_threads";
import { WORLD_VERSION } from "./scene.ts";
import { PARTS } from "./styles/style.ts";
import { WorldError } from "./world-error.ts";
import type { DatasetTask } from "./dataset-worker.ts";

/** What {@link writeDataset} writes. */
export interface DatasetOptions {
  readonly dir: string;
  /** Pictures; even, because they come in pairs. */
  readonly count: number;
  readonly seed: number;
  /** Pixels on a side; default 256. */
  readonly size?: number;
  /** Worker threads; default 2. */
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
  const { dir, count, seed, size = 256, workers = 2, signal, onProgress } = options;
  if (!Number.isInteger(count) || count < 2 || count % 2 !== 0) {
    throw new WorldError("COUNT_OUT_OF_RANGE", `count must be an even number of pictures from 2, not ${count}`);
  }
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
  const lines: string[] = Array.from({ length: count });
  let next = 0;
  let written = 0;
  const take = (): DatasetTask | undefined => {
    if (next >= pairs) return undefined;
    const from = next;
    next = Math.min(pairs, next + PAIRS_PER_TASK);
    return { dir, seed, size, from, to: next };
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

function ask(worker: Worker, task: DatasetTask): Promise<string[]> {
  return new Promise((resolve, reject) => {
    const settle = (): void => {
      worker.off("message", onMessage);
      worker.off("error", onError);
    };
    const onMessage = (lines: string[]): void => {
      settle();
      resolve(lines);
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
