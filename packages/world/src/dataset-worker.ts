import { open } from "node:fs/promises";
import { join } from "node:path";
import { parentPort } from "node:worker_threads";
import { renderPair, type CategoryShares } from "./dataset-record.ts";
import { openRenderer, type WorldRenderer } from "./stage/renderer.ts";

/** Pairs `from` (included) to `to` (excluded) of a data set, to be written into its files in `dir`. */
export interface DatasetTask {
  readonly dir: string;
  readonly seed: number;
  readonly size: number;
  readonly from: number;
  readonly to: number;
  readonly shares: CategoryShares;
  readonly style?: string;
  readonly cacheDir?: string;
}

/** A worker's answer: the lines of a task's records, or why there are none. */
export type DatasetAnswer = { readonly lines: string[] } | { readonly reason: string; readonly message: string };

let renderer: WorldRenderer | undefined;

/** Renders a task's pairs into the data set's files. */
async function work(task: DatasetTask): Promise<string[]> {
  const { dir, seed, size, from, to, shares, style, cacheDir } = task;
  renderer ??= openRenderer(cacheDir === undefined ? {} : { cacheDir });
  const options = { shares, paint: renderer.render.bind(renderer), ...(style === undefined ? {} : { style }) };
  const pixels = size * size;
  const images = await open(join(dir, "images.u8"), "r+");
  const parts = await open(join(dir, "parts.u8"), "r+");
  try {
    const lines: string[] = [];
    for (let pair = from; pair < to; pair++) {
      for (const { record, rendered } of await renderPair(seed, pair, size, options)) {
        await images.write(rendered.picture, 0, pixels * 3, record.index * pixels * 3);
        await parts.write(rendered.parts, 0, pixels, record.index * pixels);
        lines.push(JSON.stringify(record));
      }
    }
    return lines;
  } finally {
    await images.close();
    await parts.close();
  }
}

async function answer(task: DatasetTask | "close"): Promise<DatasetAnswer> {
  if (task === "close") {
    await renderer?.close();
    return { lines: [] };
  }
  try {
    return { lines: await work(task) };
  } catch (error) {
    const { reason = "RENDER_FAILED", message } = error as { reason?: string; message: string };
    return { reason, message };
  }
}

parentPort?.on("message", (task: DatasetTask | "close") => {
  void answer(task).then((reply) => parentPort?.postMessage(reply));
});
