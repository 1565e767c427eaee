import { pMapIterable } from "p-map";
import { ArchiveError } from "../archive-error.ts";
import type { RefusedRecord } from "../record.ts";
import type { Archive, UnitStage } from "../store/archive-folder.ts";
import { Journal } from "../store/journal.ts";
import { readPlan } from "../store/plan.ts";
import { commitUnit, readRecords, readSummary, sha256, type UnitSummary } from "../store/unit.ts";
import { type ProgressListener, type StageReport, Tally } from "./report.ts";
import { owns, type Shard, WHOLE } from "./shard.ts";

/** What became of a record. */
export type Outcome<Out> = { readonly kept: Out } | { readonly refused: string; readonly detail: string };

/** How a run is cut, watched and stopped. */
export interface RunOptions {
  readonly shard?: Shard | undefined;
  readonly onProgress?: ProgressListener | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** A stage that looks at one record at a time. */
export interface RecordStage<In, Out> {
  readonly stage: UnitStage;
  readonly from: UnitStage;
  /** Whatever changes the outcome: a code version of the stage and its options. */
  readonly settings: unknown;
  /** Records in work at once, at least 1. Outcomes keep the order of the records. */
  readonly concurrency: number;
  /** Remember single records of an unfinished unit; for stages of more than a few milliseconds a record. */
  readonly journal: boolean;
  /** A thrown error stops the run; what is wrong with a record is an outcome. */
  readonly process: (record: In, signal: AbortSignal | undefined) => Promise<Outcome<Out>>;
  /**
   * For stages whose outcome depends on the picture and the settings only: takes an outcome of an earlier run over to the same picture's present record, so that
   * a change in an earlier stage does not cost this one's work again.
   */
  readonly carry?: (record: In, before: Out) => Out | undefined;
  /** After each unit. */
  readonly afterUnit?: () => Promise<void>;
}

/**
 * Makes every unit of the share that is not there yet. A unit is a pure function of the unit before it and the stage's settings, and is committed
 * atomically: a process may be killed at any moment, and any number of processes may work on the same archive.
 * Throws ArchiveError STAGE_INCOMPLETE when the stage before lacks a unit.
 */
export async function runRecordStage<In extends Partial<RefusedRecord>, Out>(
  archive: Archive,
  stage: RecordStage<In, Out>,
  { shard = WHOLE, onProgress, signal }: RunOptions = {},
): Promise<StageReport> {
  const inputs = (await readSummaries(archive, stage.from)).filter(({ unit }) => owns(shard, unit));
  const total = inputs.reduce((sum, { out }) => sum + out, 0);
  const tally = new Tally(stage.stage, total, onProgress);
  for (const input of inputs) {
    signal?.throwIfAborted();
    const fingerprint = fingerprintOf(stage.stage, stage.settings, input.digest);
    const found = await readSummary(archive, stage.stage, input.unit);
    if (found?.fingerprint === fingerprint) {
      tally.add(found, true);
      continue;
    }
    tally.add(await makeUnit(archive, stage, input, fingerprint, tally, signal), false);
    await stage.afterUnit?.();
  }
  return tally.report();
}

async function makeUnit<In extends Partial<RefusedRecord>, Out>(
  archive: Archive,
  stage: RecordStage<In, Out>,
  input: UnitSummary,
  fingerprint: string,
  tally: Tally,
  signal: AbortSignal | undefined,
): Promise<UnitSummary> {
  const records = await readRecords<In>(archive, stage.from, input);
  const journal = stage.journal
    ? await Journal.open<Outcome<Out>>(archive.unitPath(stage.stage, input.unit, "journal"), fingerprint)
    : undefined;
  const before = await readBefore(archive, stage, input.unit);
  const kept: Out[] = [];
  const refused: RefusedRecord[] = [];
  try {
    const outcomes = pMapIterable(
      records.entries(),
      async ([index, record]) => {
        signal?.throwIfAborted();
        const known = journal?.done.get(index);
        if (known !== undefined) return known;
        const earlier = before.get(record.id ?? "");
        const carried = earlier && stage.carry?.(record, earlier);
        if (carried !== undefined) return { kept: carried };
        const outcome = await stage.process(record, signal);
        await journal?.add(index, outcome);
        return outcome;
      },
      { concurrency: stage.concurrency },
    );
    let index = 0;
    for await (const outcome of outcomes) {
      const record = records[index++]!;
      if ("kept" in outcome) kept.push(outcome.kept);
      else refused.push(describeRefusal(record, outcome));
      tally.step();
    }
  } catch (error) {
    await journal?.close();
    throw error;
  }
  const work = workOf(stage);
  const unit = { unit: input.unit, fingerprint, work, in: records.length };
  const summary = await commitUnit(archive, stage.stage, unit, kept, refused);
  await journal?.remove();
  return summary;
}

/** Outcomes of an earlier run of the same settings, by identifier. */
async function readBefore<In, Out>(
  archive: Archive,
  stage: RecordStage<In, Out>,
  unit: number,
): Promise<ReadonlyMap<string, Out>> {
  const found = stage.carry === undefined ? undefined : await readSummary(archive, stage.stage, unit);
  if (found === undefined || found.work !== workOf(stage)) return new Map();
  const records = await readRecords<Out & { id: string }>(archive, stage.stage, found);
  return new Map(records.map((record) => [record.id, record]));
}

/** Digest of the settings alone. */
function workOf({ stage, settings }: { readonly stage: UnitStage; readonly settings: unknown }): string {
  return fingerprintOf(stage, settings, "");
}

function describeRefusal(record: Partial<RefusedRecord>, why: { refused: string; detail: string }): RefusedRecord {
  const { id, uri, emotion } = record;
  return {
    reason: why.refused,
    detail: why.detail,
    ...(id && { id }),
    ...(uri && { uri }),
    ...(emotion && { emotion }),
  };
}

/** Digest of what a unit is a function of. */
export function fingerprintOf(stage: UnitStage, settings: unknown, input: string): string {
  return sha256(JSON.stringify([stage, settings, input]));
}

/** The summaries of all units of a finished stage. Throws ArchiveError STAGE_INCOMPLETE when one is missing. */
export async function readSummaries(archive: Archive, stage: UnitStage): Promise<UnitSummary[]> {
  const { units } = await readPlan(archive);
  const summaries: UnitSummary[] = [];
  for (let unit = 0; unit < units; unit++) {
    const summary = await readSummary(archive, stage, unit);
    if (summary === undefined) {
      const command = { dedupe: "filter", select: "score" }[stage as string] ?? stage;
      throw new ArchiveError(
        "STAGE_INCOMPLETE",
        `stage ${stage} lacks unit ${unit} of ${units}; run "archive ${command}" for every shard first`,
      );
    }
    summaries.push(summary);
  }
  return summaries;
}

/** Whether every unit of a stage is committed. */
export async function isComplete(archive: Archive, stage: UnitStage): Promise<boolean> {
  try {
    await readSummaries(archive, stage);
    return true;
  } catch (error) {
    if (error instanceof ArchiveError && error.reason === "STAGE_INCOMPLETE") return false;
    throw error;
  }
}
