import { SingleBar } from "cli-progress";
import type { BatchProgress } from "./batch-types.ts";

/** Shows how far a batch is. */
export interface BatchBar {
  show(progress: BatchProgress): void;
  end(): void;
}

/** A bar on a terminal, a line for each tenth elsewhere, nothing when quiet. Everything goes to standard error. */
export function createBatchBar(options: { quiet: boolean; terminal: boolean }): BatchBar {
  if (options.quiet) return { show: () => undefined, end: () => undefined };
  return options.terminal ? createBar() : createLines();
}

const endedOf = ({ succeeded, failed, cancelled }: BatchProgress): number => succeeded + failed + cancelled;

function createBar(): BatchBar {
  const bar = new SingleBar({
    format: "{status} [{bar}] {value}/{total} rows, {failed} failed, {eta_formatted} left",
    stream: process.stderr,
    hideCursor: true,
    barsize: 30,
    etaBuffer: 50,
  });
  let started = false;
  return {
    show: (progress) => {
      const payload = { status: progress.status, failed: progress.failed };
      if (started) bar.update(endedOf(progress), payload);
      else bar.start(progress.total, endedOf(progress), payload);
      started = true;
    },
    end: () => {
      if (started) bar.stop();
    },
  };
}

function createLines(): BatchBar {
  let shown = -1;
  return {
    show: (progress) => {
      const ended = endedOf(progress);
      const tenth = Math.floor((10 * ended) / Math.max(1, progress.total));
      if (tenth === shown) return;
      shown = tenth;
      process.stderr.write(`${ended}/${progress.total} rows, ${progress.failed} failed\n`);
    },
    end: () => undefined,
  };
}
