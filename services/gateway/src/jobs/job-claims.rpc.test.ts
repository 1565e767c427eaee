import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { databaseKinds } from "../database/testing/databases.ts";
import { input, picture, useJobStore } from "../testing/job-store-under-test.ts";
import type { NewJob } from "./job.ts";
import type { Claim } from "./job-store.ts";

describe.each(databaseKinds)("claims of jobs on $name", (kind) => {
  const jobs = useJobStore(kind);

  it("hands jobs out once, oldest first", async () => {
    const first = await jobs.submit();
    const second = await jobs.submit();
    const taken = (await Promise.all([jobs.claim(), jobs.claim(), jobs.claim()])).flat();
    expect(taken.map(({ job }) => job.id).toSorted()).toEqual([first.id, second.id].toSorted());
    expect(taken.find(({ job }) => job.id === first.id)).toMatchObject({
      attempt: 1,
      job: {
        status: "planning",
        stage: "planning",
        sequence: 2,
        attempt: 1,
        timings: { queued_ms: expect.any(Number) },
      },
    });
  });

  it("never changes a job that has ended", async () => {
    const { id } = await jobs.submit();
    const held = await jobs.claimOne();
    expect(await jobs.store.end(id, "cancelled")).toMatchObject({ status: "cancelled", stage: "planning" });
    expect(await jobs.store.end(id, "cancelled")).toBeUndefined();
    expect(await jobs.store.change(held, { status: "succeeded", result: picture })).toBeUndefined();
    expect(await jobs.store.requeue(held, { delayMs: 0, counts: false })).toBeUndefined();
    expect(await jobs.store.get("default", id)).toMatchObject({ status: "cancelled", sequence: 3 });
    expect(await jobs.claim()).toEqual([]);
  });

  it("takes a waiting job out of the queue when it is cancelled", async () => {
    const { id } = await jobs.submit();
    await jobs.store.end(id, "cancelled");
    expect(await jobs.claim()).toEqual([]);
  });

  it("lets nothing of a stale attempt through", async () => {
    const { id } = await jobs.submit();
    const stale = await jobs.claimOne();
    await jobs.store.requeue(stale, { delayMs: 0, counts: true });
    const fresh = await jobs.claimOne();
    expect(fresh).toMatchObject({ attempt: 2, job: { id, failures: 1 } });
    expect(await jobs.store.change(stale, { progress: { step: 9, steps: 9, percentage: 99 } })).toBeUndefined();
    expect(await jobs.store.change(stale, { status: "succeeded", result: picture })).toBeUndefined();
    expect(await jobs.store.renew([stale, fresh])).toEqual([stale]);
    expect(await jobs.store.renew([fresh])).toEqual([]);
    expect(await jobs.store.change(fresh, { status: "succeeded", result: picture })).toMatchObject({
      status: "succeeded",
    });
  });

  it("gives the job of a dead worker to another, and gives it up when that dies too", async () => {
    const { id } = await jobs.submit();
    await jobs.claimOne();
    const die = async (): Promise<void> => {
      await jobs.database.query(
        "UPDATE pgboss.job SET heartbeat_on = now() - interval '1 hour' WHERE state = 'active'; UPDATE pgboss.queue SET monitor_claim_on = NULL, monitor_on = NULL",
      );
      await jobs.store.findLost();
    };
    await die();
    const second = await jobs.claimOne();
    expect(second).toMatchObject({ attempt: 2, job: { id, failures: 0 } });
    await die();
    expect(await jobs.claim()).toEqual([]);
    expect(await jobs.store.get("default", id)).toMatchObject({ status: "failed", problem: { reason: "JOB_LOST" } });
    expect(await jobs.database.query("SELECT data->>'id' AS id FROM pgboss.job WHERE name = 'dead'")).toEqual([{ id }]);
  });

  it("waits before it hands out a job that was put back", async () => {
    await jobs.submit();
    await jobs.store.requeue(await jobs.claimOne(), { delayMs: 60_000, counts: false });
    expect(await jobs.claim()).toEqual([]);
    await jobs.database.query(
      "UPDATE pgboss.job SET start_after = start_after - interval '1 minute' WHERE state = 'retry'",
    );
    expect(await jobs.claimOne()).toMatchObject({ attempt: 2, job: { failures: 0 } });
  });

  it("refuses more than the lane and the tenant may have waiting", async () => {
    for (let count = 0; count < 2; count += 1) await jobs.submit({ tenantId: "small" });
    await expect(jobs.submit({ tenantId: "small" })).rejects.toMatchObject({ reason: "TENANT_BACKLOG_FULL" });
    for (let count = 0; count < 6; count += 1) await jobs.submit();
    await expect(jobs.submit()).rejects.toMatchObject({ code: "RESOURCE_EXHAUSTED", reason: "QUEUE_FULL" });
    await jobs.submit({ lane: "batch" });
    await jobs.claim();
    await jobs.submit();
  });

  it("reserves slots for the interactive lane and prefers it", async () => {
    await jobs.submit({ lane: "batch" });
    await jobs.submit({ lane: "batch" });
    await jobs.submit();
    const taken = await jobs.claim(3, 1);
    expect(taken.map(({ job }) => job.lane)).toEqual(["interactive", "batch"]);
    expect(await jobs.claim(2, 0)).toEqual([]);
  });

  it("shares between tenants by weight, whatever their backlog", async () => {
    const rows = (tenantId: string, count: number): NewJob[] =>
      Array.from({ length: count }, () => ({ tenantId, input, lane: "batch" }));
    await jobs.store.submitAll(rows("early", 30));
    await jobs.store.submitAll(rows("heavy", 30));
    await jobs.store.submitAll(rows("late", 30));
    const order = (await jobs.claim(20)).map(({ job }) => job.tenantId);
    const count = (tenant: string): number => order.filter((each) => each === tenant).length;
    expect(count("heavy")).toBeGreaterThanOrEqual(9);
    expect(count("early")).toBeGreaterThanOrEqual(3);
    expect(count("late")).toBeGreaterThanOrEqual(3);
    // A newcomer does not wait for the backlog of the others.
    await jobs.store.submitAll(rows("newcomer", 1));
    expect((await jobs.claim(3)).map(({ job }) => job.tenantId)).toContain("newcomer");
  });

  it("takes the higher priority first", async () => {
    const low = await jobs.submit({ priority: -100 });
    const usual = await jobs.submit();
    const high = await jobs.submit({ priority: 100 });
    expect((await jobs.claim(3)).map(({ job }) => job.id)).toEqual([high.id, usual.id, low.id]);
  });

  it("keeps a tenant within its concurrency, also when two workers claim at once", async () => {
    for (let count = 0; count < 4; count += 1) await jobs.submit({ tenantId: "narrow" });
    const taken = (await Promise.all([jobs.claim(3), jobs.claim(3)])).flat();
    expect(taken).toHaveLength(1);
    await jobs.store.change(taken[0] as Claim, { status: "failed" });
    expect(await jobs.claim(3)).toHaveLength(1);
  });

  it("does not begin a job whose time to start has passed", async () => {
    const { id } = await jobs.submit({ startWithinMs: 10 });
    await sleep(30);
    expect(await jobs.claim()).toEqual([]);
    expect(await jobs.store.get("default", id)).toMatchObject({ status: "expired" });
  });

  it("measures the lanes", async () => {
    await jobs.submit();
    await jobs.submit({ lane: "batch" });
    await jobs.submit({ lane: "batch" });
    await jobs.claim(1);
    await sleep(20);
    expect(await jobs.store.depths()).toEqual([
      { lane: "interactive", queued: 0, running: 1, oldestAgeSeconds: 0, megapixelSteps: 0 },
      { lane: "batch", queued: 2, running: 0, oldestAgeSeconds: expect.any(Number), megapixelSteps: 2 },
    ]);
  });
});
