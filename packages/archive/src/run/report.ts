import type { UnitSummary } from "../store/unit.ts";

/** What a stage did. */
export interface StageReport {
  readonly stage: string;
  readonly in: number;
  readonly out: number;
  /** Records that were let go, by reason. */
  readonly refused: Readonly<Record<string, number>>;
  /** Units in this share, and how many of them had been made before. */
  readonly units: number;
  readonly unitsKept: number;
  /** Records that this run processed itself. */
  readonly processed: number;
  readonly seconds: number;
  /** Facts that only this stage has, for example thresholds. */
  readonly details?: Readonly<Record<string, unknown>>;
}

/** How far a stage is. */
export interface StageProgress {
  readonly stage: string;
  /** Records done, those of earlier runs included. */
  readonly done: number;
  /** Records in all, as far as known. */
  readonly total: number;
  /** Records a second of this run. */
  readonly rate: number;
  /** Seconds left at that rate; undefined before the first record. */
  readonly secondsLeft: number | undefined;
}

export type ProgressListener = (progress: StageProgress) => void;

/** Adds up the units of a stage while it runs. */
export class Tally {
  readonly #stage: string;
  readonly #total: number;
  readonly #listener: ProgressListener | undefined;
  readonly #start = performance.now();
  readonly #refused: Record<string, number> = {};
  #in = 0;
  #out = 0;
  #units = 0;
  #kept = 0;
  #done = 0;
  #processed = 0;
  #told = 0;

  constructor(stage: string, total: number, listener?: ProgressListener) {
    this.#stage = stage;
    this.#total = total;
    this.#listener = listener;
  }

  /** One record of a unit in work is done. */
  step(): void {
    this.#done++;
    this.#processed++;
    this.#tell(false);
  }

  /** A unit is finished; `kept` when an earlier run had made it. */
  add(summary: UnitSummary, kept: boolean): void {
    this.#units++;
    this.#in += summary.in;
    this.#out += summary.out;
    for (const [reason, count] of Object.entries(summary.refused)) {
      this.#refused[reason] = (this.#refused[reason] ?? 0) + count;
    }
    if (kept) {
      this.#kept++;
      this.#done += summary.in;
      this.#tell(false);
    }
  }

  report(details?: Readonly<Record<string, unknown>>): StageReport {
    this.#tell(true);
    return {
      stage: this.#stage,
      in: this.#in,
      out: this.#out,
      refused: Object.fromEntries(Object.entries(this.#refused).sort(([a], [b]) => (a < b ? -1 : 1))),
      units: this.#units,
      unitsKept: this.#kept,
      processed: this.#processed,
      seconds: this.#seconds(),
      ...(details && { details }),
    };
  }

  #seconds(): number {
    return (performance.now() - this.#start) / 1000;
  }

  /** At most ten times a second. */
  #tell(always: boolean): void {
    const now = performance.now();
    if (this.#listener === undefined || (!always && now - this.#told < 100)) return;
    this.#told = now;
    const rate = this.#processed / Math.max(this.#seconds(), 1e-3);
    const left = Math.max(0, this.#total - this.#done);
    const secondsLeft = this.#processed === 0 ? undefined : left / rate;
    this.#listener({ stage: this.#stage, done: this.#done, total: this.#total, rate, secondsLeft });
  }
}
