import type { ProgressListener, ReviewReport, StageReport } from "@moodifier/archive";
import { SingleBar } from "cli-progress";

/** Shows how far a stage is. */
export interface StageBar {
  readonly onProgress: ProgressListener;
  end(): void;
}

/** A bar with rate and time left on a terminal, a line every few seconds elsewhere, nothing when quiet. Everything goes to standard error. */
export function createStageBar(options: { readonly quiet: boolean; readonly terminal: boolean }): StageBar {
  if (options.quiet) return { onProgress: () => undefined, end: () => undefined };
  return options.terminal ? createBar() : createLines();
}

function createBar(): StageBar {
  let bar: SingleBar | undefined;
  let shown = "";
  const end = (): void => {
    bar?.stop();
    bar = undefined;
  };
  return {
    onProgress: ({ stage, done, total, rate, secondsLeft }) => {
      if (stage !== shown) end();
      shown = stage;
      const payload = { stage: stage.padEnd(9), rate: rate.toFixed(1), left: formatSeconds(secondsLeft) };
      if (bar === undefined) {
        const format = "{stage} [{bar}] {value}/{total}  {rate}/s  {left} left";
        bar = new SingleBar({ format, stream: process.stderr, hideCursor: true, barsize: 24 });
        bar.start(Math.max(total, done), done, payload);
      } else {
        bar.setTotal(Math.max(total, done));
        bar.update(done, payload);
      }
    },
    end,
  };
}

/** Milliseconds between two lines of one stage. */
const LINE_MS = 5000;

function createLines(): StageBar {
  let last = 0;
  let shown = "";
  return {
    onProgress: ({ stage, done, total, rate, secondsLeft }) => {
      const now = Date.now();
      if (stage === shown && now - last < LINE_MS) return;
      shown = stage;
      last = now;
      const left = formatSeconds(secondsLeft);
      process.stderr.write(`${stage.padEnd(9)} ${done}/${total}  ${rate.toFixed(1)}/s  ${left} left\n`);
    },
    end: () => undefined,
  };
}

/** What went in, what came out and why the rest did not, on standard output; as one JSON line when asked. */
export function printReport(report: StageReport, json: boolean): void {
  process.stdout.write(json ? `${JSON.stringify(report)}\n` : `${describe(report)}\n`);
}

function describe(report: StageReport): string {
  const { stage, refused, units, unitsKept, processed, seconds } = report;
  const why = Object.entries(refused).map(([reason, count]) => `${reason} ${count}`);
  const kept = unitsKept > 0 ? `, ${unitsKept} of ${units} units were there already` : "";
  const rate = processed > 0 ? `, ${(processed / Math.max(seconds, 1e-3)).toFixed(1)}/s` : "";
  const lines = [`${stage.padEnd(9)} in ${report.in}, out ${report.out} (${seconds.toFixed(1)} s${rate}${kept})`];
  if (why.length > 0) lines.push(`          why not: ${why.join(", ")}`);
  return lines.join("\n");
}

/** What people said about the sample, in lines. */
export function describeReview(report: ReviewReport): string {
  const { acceptance, agreement, judged, tasks, reasons } = report;
  const percent = (share: number): string => `${(share * 100).toFixed(1)} %`;
  const kappa = agreement.kappa === undefined ? "not defined" : agreement.kappa.toFixed(3);
  return [
    `judged     ${judged} of ${tasks} pictures, ${report.verdicts} verdicts`,
    `accepted   ${percent(acceptance.rate)} (95 % interval ${percent(acceptance.low)} to ${percent(acceptance.high)})`,
    `agreement  ${agreement.measure ?? "no picture has two verdicts"}: kappa ${kappa} over ${agreement.shared} pictures`,
    ...Object.entries(reasons).map(([reason, count]) => `  ${String(count).padStart(5)}  ${reason}`),
    "",
  ].join("\n");
}

function formatSeconds(seconds: number | undefined): string {
  if (seconds === undefined) return "?";
  if (seconds < 90) return `${Math.ceil(seconds)} s`;
  return seconds < 5400 ? `${Math.round(seconds / 60)} min` : `${(seconds / 3600).toFixed(1)} h`;
}
