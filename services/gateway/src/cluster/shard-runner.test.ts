import process from "node:process";
import { describe, expect, it } from "vitest";
import { buildJob } from "./job-manifest.ts";
import { readIndexes, readJob } from "./job-status.ts";
import { LocalRunner } from "./local-runner.ts";
import { checkWork, rowsOfReport, rowsOfShard, type ShardedWork } from "./shard-runner.ts";

const work: ShardedWork = { id: "batch 7", args: ["--shard", "{shard}", "$(HOME)"], shards: 10, parallelism: 3 };

describe("index lists of a Job's status", () => {
  it.each([
    [undefined, []],
    ["", []],
    ["0", [0]],
    ["0-2,5,7-8", [0, 1, 2, 5, 7, 8]],
  ])("reads %s", (text, indexes) => expect(readIndexes(text)).toEqual(indexes));

  it.each(["a", "3-1", "1,,2", "1-", "-1"])("refuses %s", (text) =>
    expect(() => readIndexes(text)).toThrow(RangeError),
  );

  it("makes every shard end in one list", () => {
    const status = { completedIndexes: "0-3", failedIndexes: "7", conditions: [] };
    const { report, over } = readJob({ spec: { completions: 10, template: {} }, status });
    expect(over).toBe(false);
    expect(report).toEqual({ succeeded: [0, 1, 2, 3], failed: [7], unfinished: [4, 5, 6, 8, 9] });
  });
});

describe("rows and shards", () => {
  it.each([
    [10, 10],
    [11, 3],
    [2, 5],
    [0, 4],
    [1_000_003, 997],
  ])("share out %d rows over %d shards without a gap, evenly", (rows, shards) => {
    let next = 0;
    for (let shard = 0; shard < shards; shard += 1) {
      const [from, to] = rowsOfShard(shard, { rows, shards });
      expect(from).toBe(next);
      expect(Math.abs(to - from - rows / shards)).toBeLessThan(1);
      next = to;
    }
    expect(next).toBe(rows);
  });

  it("say of each row how its shard ended", () => {
    const report = { succeeded: [0, 2], failed: [1], unfinished: [3] };
    expect(rowsOfReport(report, 6)).toEqual(["succeeded", "failed", "failed", "succeeded", "unfinished", "unfinished"]);
  });
});

describe("a work", () => {
  it.each([
    [{ ...work, shards: 0 }, "shards"],
    [{ ...work, shards: 10_001 }, "shards"],
    [{ ...work, parallelism: 11 }, "parallelism"],
    [{ ...work, id: "" }, "id"],
    [{ ...work, args: ["--all"] }, "args"],
  ])("is refused when it makes no sense", (faulty, argument) =>
    expect(() => checkWork(faulty)).toThrow(expect.objectContaining({ reason: "WORK_INVALID", details: { argument } })),
  );

  it("becomes an Indexed Job whose failures stay apart", () => {
    const options = {
      runner: "gateway",
      namespace: "prod",
      template: { spec: { containers: [{ name: "worker", image: "i", args: ["archive"] }] } },
      retries: 2,
      keepSeconds: 60,
      queue: "pictures",
    };
    const { metadata, spec } = buildJob(work, options);
    expect(metadata?.name).toMatch(/^moodifier-batch-7-[0-9a-f]{10}$/);
    expect(buildJob(work, options).metadata?.name).toBe(metadata?.name);
    expect(metadata?.labels).toMatchObject({ "kueue.x-k8s.io/queue-name": "pictures" });
    expect(spec).toMatchObject({
      completionMode: "Indexed",
      completions: 10,
      parallelism: 3,
      backoffLimitPerIndex: 2,
      podReplacementPolicy: "Failed",
      suspend: true,
      template: { spec: { restartPolicy: "Never" } },
    });
    expect(spec?.podFailurePolicy?.rules.map(({ action }) => action)).toEqual(["FailIndex", "Ignore"]);
    const [worker] = spec?.template.spec?.containers ?? [];
    // The kubelet must not replace what only looks like a variable.
    expect(worker?.args).toEqual(["archive", "--shard", "$(JOB_COMPLETION_INDEX)/10", "$$(HOME)"]);
  });
});

describe("the local runner", () => {
  /** Ends as the shard says: 3 never well, 5 hopelessly, 6 at its second try. */
  const script = `
    const { existsSync, appendFileSync } = require("node:fs");
    const [shard] = process.argv[2].split("/").map(Number);
    const again = existsSync(process.argv[1] + shard);
    appendFileSync(process.argv[1] + shard, "x");
    process.exitCode = shard === 5 ? 42 : shard === 3 || (shard === 6 && !again) ? 1 : 0;
  `;

  it("gives exit codes the meaning that they have on a cluster", async () => {
    const { mkdtempSync, readFileSync } = await import("node:fs");
    const folder = `${mkdtempSync("/tmp/shards-")}/`;
    const runner = new LocalRunner({ command: [process.execPath, "--eval", script], retries: 1, graceMs: 100 });
    const report = await runner.run({ id: "w", args: [folder, "{shard}"], shards: 8, parallelism: 4 });
    expect(report).toEqual({ succeeded: [0, 1, 2, 4, 6, 7], failed: [3, 5], unfinished: [] });
    const tries = [3, 5, 6, 7].map((shard) => readFileSync(`${folder}${shard}`, "utf8").length);
    expect(tries).toEqual([2, 1, 2, 1]);
  });

  it("ends its processes when the caller aborts", async () => {
    const runner = new LocalRunner({
      command: [process.execPath, "--eval", "setTimeout(() => {}, 60000)"],
      retries: 1,
      graceMs: 100,
    });
    const running = runner.run(
      { id: "w", args: ["{shard}"], shards: 2, parallelism: 2 },
      { signal: AbortSignal.timeout(300) },
    );
    await expect(running).rejects.toMatchObject({ name: "TimeoutError" });
  }, 10_000);
});
