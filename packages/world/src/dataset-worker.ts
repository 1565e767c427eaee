import { open } from "node:fs/promises";
import { join } from "node:path";
import { parentPort } from "node:worker_threads";
import { renderPair } from "./dataset-record.ts";

/** Pairs `from` (included) to `to` (excluded) of a data set, to be written into its files in `dir`. */
export interface DatasetTask {
  readonly dir: string;
  readonly seed: number;
  readonly size: number;
  readonly from: number;
  readonly to: number;
}

/** Renders a task's pairs into the data set's files; answers with the lines of its records. */
async function work(task: DatasetTask): Promise<string[]> {
  const { dir, seed, size, from, to } = task;
  const pixels = size * size;
  const images = await open(join(dir, "images.u8"), "r+");
  const parts = await open(join(dir, "parts.u8"), "r+");
  try {
    const lines: string[] = [];
    for (let pair = from; pair < to; pair++) {
      for (const { record, rendered } of renderPair(seed, pair, size)) {
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

parentPort?.on("message", (task: DatasetTask) => {
  void work(task).then((lines) => parentPort?.postMessage(lines));
});
