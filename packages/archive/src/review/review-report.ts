import { cohenKappa, fleissKappa, type Interval, wilsonInterval } from "./agreement.ts";
import type { ReviewTask } from "./review-task.ts";
import type { Verdict } from "./verdict-store.ts";

/** What people said about the sample. */
export interface ReviewReport {
  readonly tasks: number;
  /** Pictures that at least one reviewer judged. */
  readonly judged: number;
  readonly verdicts: number;
  /** Pictures that more reviewers accepted than rejected, of those judged; 95 % interval. */
  readonly acceptance: Interval;
  readonly byEmotion: Readonly<Record<string, Interval>>;
  readonly byReviewer: Readonly<Record<string, Interval>>;
  /** Rejections by reason, most frequent first. */
  readonly reasons: Readonly<Record<string, number>>;
  readonly agreement: {
    /** Cohen's with two reviewers, Fleiss' with more; absent while no picture has two verdicts. */
    readonly measure?: "cohen" | "fleiss";
    readonly kappa?: number;
    /** Pictures with at least two verdicts. */
    readonly shared: number;
  };
}

/** Counts verdicts. A tie is no acceptance. */
export function summarizeVerdicts(tasks: readonly ReviewTask[], verdicts: readonly Verdict[]): ReviewReport {
  const byTask = groupBy(verdicts, ({ id }) => id);
  const emotionOf = new Map(tasks.map(({ id, emotion }) => [id, emotion]));
  const judged = [...byTask].map(([id, given]) => {
    const accepted = given.filter(({ verdict }) => verdict === "accept").length;
    return { emotion: emotionOf.get(id) ?? "", accepted: accepted * 2 > given.length };
  });
  const reviewers = groupBy(verdicts, ({ reviewer }) => reviewer);
  const rejections = verdicts.filter(({ verdict }) => verdict === "reject");
  const reasons = [...groupBy(rejections, ({ reason }) => reason)].map(([reason, of]) => [reason, of.length] as const);
  return {
    tasks: tasks.length,
    judged: judged.length,
    verdicts: verdicts.length,
    acceptance: rateOf(judged, ({ accepted }) => accepted),
    byEmotion: mapValues(
      groupBy(judged, ({ emotion }) => emotion),
      (of) => rateOf(of, ({ accepted }) => accepted),
    ),
    byReviewer: mapValues(reviewers, (of) => rateOf(of, ({ verdict }) => verdict === "accept")),
    reasons: Object.fromEntries(reasons.sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1))),
    agreement: measureAgreement([...byTask.values()], [...reviewers.keys()]),
  };
}

function measureAgreement(
  tasks: readonly (readonly Verdict[])[],
  reviewers: readonly string[],
): ReviewReport["agreement"] {
  const shared = tasks.filter((given) => given.length >= 2);
  if (shared.length === 0) return { shared: 0 };
  const said = (given: readonly Verdict[], reviewer: string): string =>
    given.find((verdict) => verdict.reviewer === reviewer)?.verdict ?? "";
  const [first, second] = reviewers;
  const measure = reviewers.length === 2 ? "cohen" : "fleiss";
  const kappa =
    measure === "cohen"
      ? cohenKappa(shared.map((given) => [said(given, first!), said(given, second!)] as const))
      : fleissKappa(shared.map((given) => given.map(({ verdict }) => verdict)));
  return { measure, shared: shared.length, ...(kappa !== undefined && { kappa }) };
}

function rateOf<T>(items: readonly T[], counts: (item: T) => boolean): Interval {
  return wilsonInterval(items.filter(counts).length, items.length);
}

function groupBy<T>(items: readonly T[], keyOf: (item: T) => string): Map<string, T[]> {
  return Map.groupBy(items, keyOf);
}

function mapValues<T, R>(groups: ReadonlyMap<string, T>, of: (value: T) => R): Record<string, R> {
  return Object.fromEntries([...groups].sort(([a], [b]) => (a < b ? -1 : 1)).map(([key, value]) => [key, of(value)]));
}
