import { SingleBar } from "cli-progress";
import type { ProgressEvent } from "../server/api-types.ts";

/** Shows how far an edit is. */
export interface ProgressLine {
  show(event: ProgressEvent): void;
  end(): void;
}

/** A bar on a terminal, one line per stage elsewhere, nothing when quiet. Everything goes to standard error. */
export function createProgressLine(options: { quiet: boolean; terminal: boolean }): ProgressLine {
  if (options.quiet) return { show: () => undefined, end: () => undefined };
  return options.terminal ? createBar() : createLines();
}

function createBar(): ProgressLine {
  const bar = new SingleBar({
    format: "{stage} [{bar}] {percentage} % {steps}",
    stream: process.stderr,
    clearOnComplete: false,
    hideCursor: true,
    barsize: 30,
  });
  let started = false;
  return {
    show: (event) => {
      const payload = { stage: event.status.padEnd(9), steps: stepsOf(event) };
      if (started) bar.update(event.percentage, payload);
      else bar.start(100, event.percentage, payload);
      started = true;
    },
    end: () => {
      if (started) bar.stop();
    },
  };
}

function createLines(): ProgressLine {
  let stage = "";
  return {
    show: (event) => {
      if (event.status === stage) return;
      stage = event.status;
      process.stderr.write(`${stage}\n`);
    },
    end: () => undefined,
  };
}

function stepsOf({ step, steps }: ProgressEvent): string {
  return steps > 0 ? `step ${step}/${steps}` : "";
}
