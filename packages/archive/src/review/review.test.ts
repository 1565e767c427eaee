import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createAnnotator, createBlocksProvider, createScorer } from "../../tests/stand-ins.ts";
import { annotate, collect, DEFAULT_PHRASES, filter, openArchive, publish, score } from "../index.ts";
import type { Archive } from "../store/archive-folder.ts";
import { formatLines } from "../store/unit.ts";
import { cohenKappa, fleissKappa, wilsonInterval } from "./agreement.ts";
import { exportTasks } from "./export-tasks.ts";
import type { ReviewTask } from "./review-task.ts";
import { importVerdicts } from "./import-verdicts.ts";

describe("agreement", () => {
  it("gives Wilson's interval", () => {
    // By the closed form with Python's statistics.NormalDist().inv_cdf(0.975).
    const interval = wilsonInterval(85, 100);
    expect(interval.low).toBeCloseTo(0.7671644, 6);
    expect(interval.high).toBeCloseTo(0.9069401, 6);
    expect(wilsonInterval(0, 10).low).toBeCloseTo(0, 12);
    expect(wilsonInterval(0, 10).high).toBeCloseTo(0.2775328, 6);
    expect(wilsonInterval(0, 0)).toMatchObject({ low: 0, high: 1 });
  });

  it("gives Cohen's kappa of the textbook table 20 5 10 15", () => {
    const pairs = [
      ...Array.from({ length: 20 }, () => ["accept", "accept"] as const),
      ...Array.from({ length: 5 }, () => ["accept", "reject"] as const),
      ...Array.from({ length: 10 }, () => ["reject", "accept"] as const),
      ...Array.from({ length: 15 }, () => ["reject", "reject"] as const),
    ];
    expect(cohenKappa(pairs)).toBeCloseTo(0.4, 12);
    expect(cohenKappa([["accept", "accept"]])).toBeUndefined();
  });

  it("gives Fleiss' kappa of his example of 14 raters", () => {
    const table = [
      [0, 0, 0, 0, 14],
      [0, 2, 6, 4, 2],
      [0, 0, 3, 5, 6],
      [0, 3, 9, 2, 0],
      [2, 2, 8, 1, 1],
      [7, 7, 0, 0, 0],
      [3, 2, 6, 3, 0],
      [2, 5, 3, 2, 2],
      [6, 5, 2, 1, 0],
      [0, 2, 2, 3, 7],
    ];
    const items = table.map((row) =>
      row.flatMap((count, category) => Array.from({ length: count }, () => String(category))),
    );
    expect(fleissKappa(items)).toBeCloseTo(0.2099, 4);
    expect(fleissKappa([["accept"]])).toBeUndefined();
  });
});

describe("review", () => {
  let dir: string;
  let archive: Archive;
  let tasks: ReviewTask[];
  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), "archive-"));
    archive = await openArchive(dir, { unitSize: 20 });
    await collect(archive, createBlocksProvider(30));
    await filter(archive, { minSide: 64 });
    await annotate(archive, createAnnotator());
    await score(archive, createScorer(), DEFAULT_PHRASES);
    tasks = await exportTasks(archive, { sample: 6, seed: 1 });
  });
  afterEach(() => rm(dir, { recursive: true, force: true }));

  const say = async (name: string, lines: readonly unknown[]): Promise<string> => {
    const file = join(dir, name);
    await writeFile(file, formatLines(lines));
    return file;
  };

  it("draws evenly over the emotions, the same for the same seed", async () => {
    const counts = Map.groupBy(tasks, ({ emotion }) => emotion);
    expect([...counts.values()].map((of) => of.length)).toEqual([1, 1, 1]);
    expect(await exportTasks(archive, { sample: 6, seed: 1 })).toEqual(tasks);
    expect(await readFile(join(dir, "review", "index.html"), "utf8")).toContain(tasks[0]!.id);
    expect((await readFile(join(dir, "review", tasks[0]!.picture))).subarray(1, 4).toString()).toBe("PNG");
  });

  it("reports acceptance and agreement, and leaves out of the data set what people rejected", async () => {
    const [a, b, c] = tasks.map(({ id }) => id) as [string, string, string];
    const ann = await say("ann.jsonl", [
      { id: a, reviewer: "ann", verdict: "accept" },
      { id: b, reviewer: "ann", verdict: "reject", reason: "caption is wrong" },
      { id: c, reviewer: "ann", verdict: "accept" },
    ]);
    const bob = await say("bob.jsonl", [
      { id: a, reviewer: "bob", verdict: "accept" },
      { id: b, reviewer: "bob", verdict: "reject", reason: "poor quality" },
    ]);
    const report = await importVerdicts(archive, [ann, bob]);
    expect(report).toMatchObject({ judged: 3, verdicts: 5, acceptance: { count: 2, total: 3 } });
    expect(report.agreement).toEqual({ measure: "cohen", shared: 2, kappa: 1 });
    expect(report.reasons).toEqual({ "caption is wrong": 1, "poor quality": 1 });
    expect(await importVerdicts(archive, [ann])).toEqual(report);
    const published = await publish(archive, { shardSamples: 8 });
    expect(published.details).toMatchObject({ rejectedByReview: 1 });
    const shards = await readFile(join(dir, "dataset", "dataset.json"), "utf8");
    expect(JSON.parse(shards)).toMatchObject({ records: published.out });
  });

  it.each([
    [{ id: "unknown", reviewer: "ann", verdict: "accept" }, /line 1: id: expected one of the exported tasks/],
    [{ reviewer: "ann", verdict: "maybe" }, /verdict/],
    [{ reviewer: "ann", verdict: "reject" }, /reason: a rejection needs a reason/],
    [{ reviewer: "", verdict: "accept" }, /reviewer/],
  ])("refuses %j and takes nothing in", async (line, fault) => {
    const file = await say("bad.jsonl", [{ id: tasks[0]!.id, ...line }]);
    await expect(importVerdicts(archive, [file])).rejects.toThrow(fault);
    await expect(readFile(join(dir, "review", "verdicts.jsonl"))).rejects.toThrow();
  });
});
