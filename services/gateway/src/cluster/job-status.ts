import type { V1Job } from "@kubernetes/client-node";
import type { ShardReport } from "./shard-runner.ts";

/** Reads an index list of a Job's status, such as "0-3,5". Throws RangeError for anything else. */
export function readIndexes(text: string | undefined): number[] {
  if (!text) return [];
  return text.split(",").flatMap((part) => {
    const [, first, last = first] = /^(\d+)(?:-(\d+))?$/.exec(part) ?? [];
    const [from, to] = [Number(first), Number(last)];
    if (first === undefined || to < from) throw new RangeError(`expected indexes such as 0-3,5, got "${text}"`);
    return Array.from({ length: to - from + 1 }, (_, offset) => from + offset);
  });
}

/** The report of an Indexed Job; `over` once it has its last condition (batch/v1: Complete or Failed). */
export function readJob({ spec, status }: V1Job): { report: ShardReport; over: boolean } {
  const succeeded = readIndexes(status?.completedIndexes);
  const failed = readIndexes(status?.failedIndexes);
  const ended = new Set([...succeeded, ...failed]);
  const all = Array.from({ length: spec?.completions ?? 0 }, (_, index) => index);
  const unfinished = all.filter((index) => !ended.has(index));
  const last = status?.conditions?.find(
    ({ type, status: is }) => is === "True" && (type === "Complete" || type === "Failed"),
  );
  const reason = unfinished.length > 0 ? last?.reason : undefined;
  return {
    report: { succeeded, failed, unfinished, ...(reason !== undefined && { reason }) },
    over: last !== undefined,
  };
}
