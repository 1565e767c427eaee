import { setTimeout as sleep } from "node:timers/promises";
import { createLogger } from "@moodifier/service-kit";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type JobApi, startJobApi, type WatchFault } from "../testing/job-api.ts";
import { KubernetesRunner } from "./kubernetes-runner.ts";
import type { ShardedWork } from "./shard-runner.ts";

const work: ShardedWork = { id: "archive filter", args: ["--shard", "{shard}"], shards: 4, parallelism: 2 };
const complete = { type: "Complete", status: "True", lastTransitionTime: new Date(0) };
const done = { completedIndexes: "0,2-3", failedIndexes: "1", conditions: [{ ...complete, type: "Failed" }] };
const report = { succeeded: [0, 2, 3], failed: [1], unfinished: [] };

/** Polls as long as a busy machine may need. */
const eventually = <T>(read: () => T) => expect.poll(read, { timeout: 20_000 });

let api: JobApi;
let runner: KubernetesRunner;

function createRunner() {
  return new KubernetesRunner({
    config: api.config,
    logger: createLogger({ service: "test", level: "silent" }),
    runner: "test",
    namespace: "prod",
    template: { spec: { containers: [{ name: "worker", image: "moodifier/cli" }] } },
    retries: 1,
    keepSeconds: 60,
    patienceMs: 10_000,
    silenceMs: 300,
    retryMs: { base: 20, max: 100 },
  });
}

beforeEach(async () => {
  api = await startJobApi();
  runner = createRunner();
});

afterEach(async () => {
  await runner.close();
  await api.stop();
});

/** Runs some other work, after which the runner watches. */
async function listed(): Promise<void> {
  await runner.run({ ...work, id: "first" }, { signal: AbortSignal.timeout(2000) }).catch(() => undefined);
}

/** Resolves when the Job exists. */
async function created(): Promise<void> {
  await eventually(() => api.jobs.size).toBe(1);
}

describe("a Job on an API server that behaves", () => {
  it("is created once, followed and deleted", async () => {
    const seen: object[] = [];
    const running = runner.run(work, { onProgress: (progress) => seen.push(progress) });
    await created();
    api.setStatus({ completedIndexes: "0" });
    await eventually(() => seen).toEqual([{ succeeded: 1, failed: 0 }]);
    api.setStatus(done);
    expect(await running).toEqual(report);
    expect(seen.at(-1)).toEqual({ succeeded: 3, failed: 1 });
    expect(api.jobs.size).toBe(0);
    expect(api.log.filter((line) => line.startsWith("POST"))).toHaveLength(1);
  });

  it("is given up with the cluster's reason", async () => {
    const running = runner.run(work);
    await created();
    const late = { ...complete, type: "Failed", reason: "DeadlineExceeded" };
    api.setStatus({ completedIndexes: "3", conditions: [late] });
    expect(await running).toEqual({ succeeded: [3], failed: [], unfinished: [0, 1, 2], reason: "DeadlineExceeded" });
  });

  it("is deleted when the caller aborts", async () => {
    const stop = new AbortController();
    const running = runner.run(work, { signal: stop.signal }).catch((error: unknown) => error);
    await created();
    stop.abort(new Error("enough"));
    expect(await running).toMatchObject({ message: "enough" });
    expect(api.jobs.size).toBe(0);
  });

  it("ends when somebody else deletes it", async () => {
    const running = runner.run(work);
    await created();
    api.setStatus({ completedIndexes: "0-1" });
    const [job] = api.jobs.values();
    await fetch(`${api.config.getCurrentCluster()!.server}/apis/batch/v1/namespaces/prod/jobs/${job!.metadata!.name}`, {
      method: "DELETE",
    });
    expect(await running).toEqual({ succeeded: [0, 1], failed: [], unfinished: [2, 3], reason: "JobDeleted" });
  });

  it("is taken up by a runner that starts anew, even when it has ended meanwhile", async () => {
    void runner.run(work).catch(() => undefined);
    await created();
    await runner.close();
    api.setStatus(done);
    runner = createRunner();
    expect(await runner.run(work)).toEqual(report);
    expect(api.log.filter((line) => line.startsWith("DELETE"))).toHaveLength(1);
  });

  it("is not mistaken for other work of the same id", async () => {
    void runner.run(work).catch(() => undefined);
    await created();
    await expect(runner.run({ ...work, shards: 5 })).rejects.toMatchObject({ reason: "WORK_CHANGED" });
  });
});

describe("a Job on an API server that misbehaves", () => {
  const faults: WatchFault[] = ["cut", "gone", "gone-at-connect", "error-500", "garbage", "silent", "closed"];

  it.each(faults)(
    "is followed through a watch that is %s",
    async (fault) => {
      api.watchFaults.push(fault);
      const running = runner.run(work);
      await created();
      await eventually(() => api.log.filter((line) => line.startsWith("WATCH")).length).toBeGreaterThan(0);
      await sleep(50);
      api.setStatus(done);
      expect(await running).toEqual(report);
    },
    60_000,
  );

  it("is followed through all of them at once", async () => {
    api.watchFaults.push("error-500", "error-500", "gone", "cut", "gone-at-connect", "error-500");
    const running = runner.run(work);
    await created();
    await eventually(() => api.watchFaults.length).toBe(0);
    api.setStatus(done);
    expect(await running).toEqual(report);
  });

  it("is followed through a restart, during which it ended", async () => {
    const running = runner.run(work);
    await created();
    await api.down();
    await sleep(300);
    api.setStatus(done);
    await api.up();
    expect(await running).toEqual(report);
    expect(api.jobs.size).toBe(0);
  });

  it("is created once although the answer was lost, or came late", async () => {
    api.lostCreates = 1;
    api.refusals.push(503, 429);
    const running = runner.run(work);
    await created();
    await eventually(() => api.log.some((line) => line.startsWith("GET") && line.includes("jobs/"))).toBe(true);
    api.setStatus(done);
    expect(await running).toEqual(report);
  });

  it("is refused with the server's words", async () => {
    // The first request lists, the second watches.
    await listed();
    api.refusals.push(403);
    await expect(runner.run(work)).rejects.toMatchObject({
      code: "PERMISSION_DENIED",
      reason: "JOB_REFUSED",
      message: expect.stringContaining("refused 403") as string,
    });
  });

  it("is given up when the server stays away", async () => {
    await listed();
    await api.down();
    const startedAt = performance.now();
    await expect(runner.run(work)).rejects.toMatchObject({ reason: "CLUSTER_UNAVAILABLE" });
    expect(performance.now() - startedAt).toBeLessThan(20_000);
    await api.up();
  });
});
