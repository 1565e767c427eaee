import { createLogger, createMetrics } from "@moodifier/service-kit";
import { afterEach, describe, expect, it } from "vitest";
import { databaseKinds } from "../database/testing/databases.ts";
import { createGatewayMetrics } from "../telemetry/gateway-metrics.ts";
import { useJobStore } from "../testing/job-store-under-test.ts";
import { JobRunner, type Work } from "./job-runner.ts";

const soon = { timeout: 60_000 };

describe("JobRunner", () => {
  const jobs = useJobStore(databaseKinds.find(({ name }) => name === "pglite")!);
  let runner: JobRunner;
  afterEach(() => runner.stop(0));

  async function run(work: Work): Promise<void> {
    const metrics = createMetrics({ service: "test" });
    const logger = createLogger({ service: "test", level: "silent" });
    runner = new JobRunner(
      jobs.store,
      work,
      {
        concurrency: 2,
        interactiveSlots: 0,
        leaseSeconds: 10,
        pollMs: 20,
        sweepMs: 1000,
        retry: { maxAttempts: 1, baseMs: 1, maxMs: 1 },
        isReady: async () => true,
        durable: true,
      },
      { logger, metrics, gatewayMetrics: createGatewayMetrics(metrics) },
    );
    await runner.start();
  }

  it("keeps a job in hand that it got again, when its earlier attempt ends", async () => {
    const attempts: { readonly signal: AbortSignal; readonly end: () => void }[] = [];
    await run(async (_job, _report, { signal }) => {
      const { promise, resolve } = Promise.withResolvers<void>();
      attempts.push({ signal, end: resolve });
      await promise;
      throw signal.reason;
    });
    const { id } = await jobs.submit();
    await expect.poll(() => attempts.length, soon).toBe(1);
    // As if no heartbeat had come through for an hour.
    await jobs.database.query(
      "UPDATE pgboss.job SET heartbeat_on = now() - interval '1 hour' WHERE state = 'active'; UPDATE pgboss.queue SET monitor_claim_on = NULL, monitor_on = NULL",
    );
    await jobs.store.findLost();
    await expect.poll(() => attempts.length, soon).toBe(2);
    const [first, second] = attempts;
    await expect.poll(() => first?.signal.aborted, soon).toBe(true);
    expect(second?.signal.aborted).toBe(false);
    first?.end();
    await expect.poll(() => runner.active, soon).toBe(1);
    await jobs.store.end(id, "cancelled");
    await expect.poll(() => second?.signal.reason, soon).toMatchObject({ reason: "JOB_ENDED" });
    second?.end();
    await expect.poll(() => runner.active, soon).toBe(0);
  });
});
