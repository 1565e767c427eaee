import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { Database } from "../database/database.ts";
import { databaseKinds } from "../database/testing/databases.ts";
import { emptyTables } from "../testing/empty-tables.ts";
import { DatabaseJobStore } from "./database-job-store.ts";
import type { JobEvent, NewJob } from "./job.ts";
import type { JobStoreOptions } from "./job-store-options.ts";
import type { Claim } from "./job-store.ts";

const picture = { key: "0".repeat(64), mediaType: "image/png", bytes: 7 };
const input: NewJob["input"] = {
  settings: { emotion: "joy", intensity: 0.8, seed: 2n ** 64n - 1n, previewEvery: 0 },
  image: picture,
  width: 500,
  height: 250,
};
const preview = { data: Buffer.from("preview"), mediaType: "image/png" };
const never = new AbortController().signal;
const seconds = 1000;

const options: JobStoreOptions = {
  maxQueued: { interactive: 8, batch: 100 },
  finishWithinMs: { interactive: 60 * seconds, batch: 60 * seconds },
  retentionMs: 60 * seconds,
  leaseSeconds: 10,
  maxLosses: 1,
  limitsOf: (tenantId) => ({
    weight: tenantId === "heavy" ? 3 : 1,
    concurrency: tenantId === "narrow" ? 1 : 50,
    backlog: tenantId === "small" ? 2 : 1000,
  }),
};

async function collect(events: AsyncIterable<JobEvent>): Promise<JobEvent[]> {
  const all: JobEvent[] = [];
  for await (const event of events) all.push(event);
  return all;
}

describe.each(databaseKinds)("DatabaseJobStore on $name", (kind) => {
  let database: Database;
  let store: DatabaseJobStore;
  let others: DatabaseJobStore[];

  beforeAll(async () => {
    await kind.start();
    database = await kind.open();
  }, 180_000);
  afterAll(async () => {
    await database.close();
    await kind.stop();
  });
  beforeEach(async () => {
    others = [];
    store = await DatabaseJobStore.start(database, options);
    await emptyTables(database);
  });
  afterEach(async () => {
    for (const each of [store, ...others]) await each.close();
  });

  async function another(changed: Partial<JobStoreOptions> = {}): Promise<DatabaseJobStore> {
    const opened = await DatabaseJobStore.start(database, { ...options, ...changed });
    others.push(opened);
    return opened;
  }
  const submit = async (job: Partial<NewJob> = {}) => (await store.submit({ tenantId: "default", input, ...job })).job;
  const claim = async (slots = 1, batchSlots = slots) => store.claim({ worker: "w", slots, batchSlots });
  const claimOne = async (): Promise<Claim> => {
    const [first] = await claim();
    if (!first) throw new Error("expected a job, got none");
    return first;
  };

  it.runIf(kind.name === "postgres")("starts in several processes at once on an empty database", async () => {
    const empty = await kind.open();
    const started = await Promise.all(Array.from({ length: 4 }, () => DatabaseJobStore.start(empty, options)));
    for (const each of started) await each.close();
    await empty.close();
  });

  it("keeps what was asked for and shows it to its tenant only", async () => {
    const job = await submit({
      externalId: "sku-1",
      priority: 5,
      startWithinMs: 1000,
      warnings: [{ code: "A", message: "b" }],
    });
    expect(await store.get("default", job.id)).toEqual(job);
    expect(job).toMatchObject({
      status: "queued",
      sequence: 1,
      attempt: 0,
      priority: 5,
      lane: "interactive",
      externalId: "sku-1",
      settings: input.settings,
      input,
      megapixelSteps: 1,
      warnings: [{ code: "A", message: "b" }],
    });
    expect(job.finishBy - job.createdAt).toBe(60 * seconds);
    expect(await store.get("other", job.id)).toBeUndefined();
    expect(await store.get("default", "no id")).toBeUndefined();
  });

  it("rolls the job, its event and its queue entry back together", async () => {
    const failing = database.transaction(async (tx) => {
      await store.submit({ tenantId: "default", input }, tx);
      throw new Error("no");
    });
    await expect(failing).rejects.toThrow("no");
    expect(await claim(5)).toEqual([]);
    expect((await store.list({ tenantId: "default", limit: 10 })).jobs).toEqual([]);
    expect(await database.query("SELECT * FROM job_event")).toEqual([]);
  });

  it("hands jobs out once, oldest first", async () => {
    const first = await submit();
    const second = await submit();
    const taken = (await Promise.all([claim(), claim(), claim()])).flat();
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

  it("runs a job to its end, with gapless events for readers that come early and late", async () => {
    const { id } = await submit();
    const early = collect(store.watch(id, 0, never));
    const held = await claimOne();
    await store.change(held, { status: "editing", preview, timings: { planning_ms: 30 } });
    await store.change(held, { preview });
    const done = await store.change(held, { status: "succeeded", result: picture, timings: { editing_ms: 40 } });
    expect(done).toMatchObject({
      status: "succeeded",
      stage: "finishing",
      result: picture,
      timings: { planning_ms: 30, editing_ms: 40, queued_ms: expect.any(Number), total_ms: expect.any(Number) },
    });
    expect(done?.finishedAt).toBeGreaterThanOrEqual(done?.startedAt ?? Infinity);
    expect((await early).map(({ sequence }) => sequence)).toEqual([1, 2, 3, 4, 5]);
    expect(await collect(store.watch(id, 3, never))).toMatchObject([
      { sequence: 4, preview },
      { sequence: 5, status: "succeeded" },
    ]);
    const late = await collect(store.watch(id, 0, never));
    expect(late.filter((event) => event.preview)).toHaveLength(1);
    expect(await claim()).toEqual([]);
  });

  it("lets a reader on another connection see what happens, and end when it goes", async () => {
    const reader = await another();
    const { id } = await submit();
    const gone = new AbortController();
    const seen: number[] = [];
    const leaving = (async () => {
      for await (const { sequence } of reader.watch(id, 0, gone.signal)) seen.push(sequence);
    })();
    const all = collect(reader.watch(id, 0, never));
    const held = await claimOne();
    await expect.poll(() => seen, { timeout: 20_000 }).toEqual([1, 2]);
    gone.abort();
    await leaving;
    await store.change(held, { status: "failed" });
    expect((await all).map(({ status }) => status)).toEqual(["queued", "planning", "failed"]);
  });

  it("tells who waits for the end alone, on any connection, before and after it", async () => {
    const reader = await another();
    const { id } = await submit();
    const done: string[] = [];
    const wait = (from: DatabaseJobStore, name: string, signal = never) =>
      from.ended(id, signal).then(() => void done.push(name));
    const gone = new AbortController();
    const all = [wait(reader, "reader"), wait(store, "store"), wait(reader, "leaving", gone.signal)];
    const held = await claimOne();
    await store.change(held, { status: "editing" });
    gone.abort();
    await expect.poll(() => done, { timeout: 20_000 }).toEqual(["leaving"]);
    await sleep(100);
    expect(done).toEqual(["leaving"]);
    await store.change(held, { status: "failed" });
    await Promise.all(all);
    await wait(reader, "late");
    await reader.ended("00000000-0000-7000-8000-000000000000", never);
    expect(done.toSorted()).toEqual(["late", "leaving", "reader", "store"]);
  });

  it("lets nobody wait for a store that is closed", async () => {
    const reader = await another();
    const { id } = await submit();
    const waiting = reader.ended(id, never);
    await reader.close();
    others = [];
    await waiting;
  });

  it("never changes a job that has ended", async () => {
    const { id } = await submit();
    const held = await claimOne();
    expect(await store.end(id, "cancelled")).toMatchObject({ status: "cancelled", stage: "planning" });
    expect(await store.end(id, "cancelled")).toBeUndefined();
    expect(await store.change(held, { status: "succeeded", result: picture })).toBeUndefined();
    expect(await store.requeue(held, { delayMs: 0, counts: false })).toBeUndefined();
    expect(await store.get("default", id)).toMatchObject({ status: "cancelled", sequence: 3 });
    expect(await claim()).toEqual([]);
  });

  it("takes a waiting job out of the queue when it is cancelled", async () => {
    const { id } = await submit();
    await store.end(id, "cancelled");
    expect(await claim()).toEqual([]);
  });

  it("lets nothing of a stale attempt through", async () => {
    const { id } = await submit();
    const stale = await claimOne();
    await store.requeue(stale, { delayMs: 0, counts: true });
    const fresh = await claimOne();
    expect(fresh).toMatchObject({ attempt: 2, job: { id, failures: 1 } });
    expect(await store.change(stale, { progress: { step: 9, steps: 9, percentage: 99 } })).toBeUndefined();
    expect(await store.change(stale, { status: "succeeded", result: picture })).toBeUndefined();
    expect(await store.renew([stale, fresh])).toEqual([id]);
    expect(await store.renew([fresh])).toEqual([]);
    expect(await store.change(fresh, { status: "succeeded", result: picture })).toMatchObject({ status: "succeeded" });
  });

  it("gives the job of a dead worker to another, and gives it up when that dies too", async () => {
    const { id } = await submit();
    await claimOne();
    const die = async (): Promise<void> => {
      await database.query(
        "UPDATE pgboss.job SET heartbeat_on = now() - interval '1 hour' WHERE state = 'active'; UPDATE pgboss.queue SET monitor_claim_on = NULL, monitor_on = NULL",
      );
      await store.findLost();
    };
    await die();
    const second = await claimOne();
    expect(second).toMatchObject({ attempt: 2, job: { id, failures: 0 } });
    await die();
    expect(await claim()).toEqual([]);
    expect(await store.get("default", id)).toMatchObject({ status: "failed", problem: { reason: "JOB_LOST" } });
    expect(await database.query("SELECT data->>'id' AS id FROM pgboss.job WHERE name = 'dead'")).toEqual([{ id }]);
  });

  it("tells once of every end, whoever brings it", async () => {
    const told: string[] = [];
    const telling = await another({ onEnd: ({ externalId, status }) => void told.push(`${externalId} ${status}`) });
    const add = async (externalId: string, limits: Partial<NewJob> = {}) =>
      (await telling.submit({ tenantId: "default", input, externalId, ...limits })).job;
    const done = await add("done");
    const [held] = await telling.claim({ worker: "w", slots: 1, batchSlots: 0 });
    expect(held?.job.id).toBe(done.id);
    await telling.change(held as Claim, { progress: { step: 1, steps: 2, percentage: 50 } });
    await telling.change(held as Claim, { status: "succeeded", result: picture });
    await telling.end(done.id, "cancelled");
    const unwanted = await add("unwanted");
    await telling.end(unwanted.id, "cancelled");
    await telling.end(unwanted.id, "cancelled");
    await add("late at the claim", { startWithinMs: 5 });
    await sleep(20);
    await telling.claim({ worker: "w", slots: 1, batchSlots: 0 });
    await add("late at the sweep", { startWithinMs: 5 });
    await sleep(20);
    await telling.sweep();
    expect(told).toEqual([
      "done succeeded",
      "unwanted cancelled",
      "late at the claim expired",
      "late at the sweep expired",
    ]);
  });

  it("waits before it hands out a job that was put back", async () => {
    await submit();
    await store.requeue(await claimOne(), { delayMs: 60_000, counts: false });
    expect(await claim()).toEqual([]);
    await database.query("UPDATE pgboss.job SET start_after = start_after - interval '1 minute' WHERE state = 'retry'");
    expect(await claimOne()).toMatchObject({ attempt: 2, job: { failures: 0 } });
  });

  it("makes one job of 50 submits with the same key, and refuses the key for another payload", async () => {
    const idempotency = { key: "k", fingerprint: "f" };
    const outcomes = await Promise.all(
      Array.from({ length: 50 }, () => store.submit({ tenantId: "default", input, idempotency })),
    );
    expect(new Set(outcomes.map(({ job }) => job.id)).size).toBe(1);
    expect(outcomes.filter(({ replayed }) => !replayed)).toHaveLength(1);
    expect(await claim(50)).toHaveLength(1);
    const other = { tenantId: "default", input, idempotency: { key: "k", fingerprint: "g" } };
    await expect(store.submit(other)).rejects.toMatchObject({ reason: "IDEMPOTENCY_KEY_REUSED" });
    expect((await store.submit({ ...other, tenantId: "other" })).replayed).toBe(false);
  });

  it("refuses more than the lane and the tenant may have waiting", async () => {
    for (let count = 0; count < 2; count += 1) await submit({ tenantId: "small" });
    await expect(submit({ tenantId: "small" })).rejects.toMatchObject({ reason: "TENANT_BACKLOG_FULL" });
    for (let count = 0; count < 6; count += 1) await submit();
    await expect(submit()).rejects.toMatchObject({ code: "RESOURCE_EXHAUSTED", reason: "QUEUE_FULL" });
    await submit({ lane: "batch" });
    await claim();
    await submit();
  });

  it("reserves slots for the interactive lane and prefers it", async () => {
    await submit({ lane: "batch" });
    await submit({ lane: "batch" });
    await submit();
    const taken = await claim(3, 1);
    expect(taken.map(({ job }) => job.lane)).toEqual(["interactive", "batch"]);
    expect(await claim(2, 0)).toEqual([]);
  });

  it("shares between tenants by weight, whatever their backlog", async () => {
    const rows = (tenantId: string, count: number): NewJob[] =>
      Array.from({ length: count }, () => ({ tenantId, input, lane: "batch" }));
    await store.submitAll(rows("early", 30));
    await store.submitAll(rows("heavy", 30));
    await store.submitAll(rows("late", 30));
    const order = (await claim(20)).map(({ job }) => job.tenantId);
    const count = (tenant: string): number => order.filter((each) => each === tenant).length;
    expect(count("heavy")).toBeGreaterThanOrEqual(9);
    expect(count("early")).toBeGreaterThanOrEqual(3);
    expect(count("late")).toBeGreaterThanOrEqual(3);
    // A newcomer does not wait for the backlog of the others.
    await store.submitAll(rows("newcomer", 1));
    expect((await claim(3)).map(({ job }) => job.tenantId)).toContain("newcomer");
  });

  it("takes the higher priority first", async () => {
    const low = await submit({ priority: -100 });
    const usual = await submit();
    const high = await submit({ priority: 100 });
    expect((await claim(3)).map(({ job }) => job.id)).toEqual([high.id, usual.id, low.id]);
  });

  it("keeps a tenant within its concurrency, also when two workers claim at once", async () => {
    for (let count = 0; count < 4; count += 1) await submit({ tenantId: "narrow" });
    const taken = (await Promise.all([claim(3), claim(3)])).flat();
    expect(taken).toHaveLength(1);
    await store.change(taken[0] as Claim, { status: "failed" });
    expect(await claim(3)).toHaveLength(1);
  });

  it("expires what does not start or end in time, and forgets what is old", async () => {
    const brief = await another({ retentionMs: 1 });
    const late = (await brief.submit({ tenantId: "default", input, startWithinMs: 20 })).job;
    const slow = (await brief.submit({ tenantId: "default", input, finishWithinMs: 20 })).job;
    const good = (await brief.submit({ tenantId: "default", input, startWithinMs: 60_000 })).job;
    await sleep(50);
    expect(await store.sweep()).toMatchObject({ expired: 2 });
    expect(await store.get("default", late.id)).toMatchObject({
      status: "expired",
      problem: { reason: "START_TIMEOUT" },
    });
    expect(await store.get("default", slow.id)).toMatchObject({
      status: "expired",
      problem: { reason: "EDIT_TIMEOUT" },
    });
    expect((await claim(3)).map(({ job }) => job.id)).toEqual([good.id]);
    await brief.end(good.id, "cancelled");
    await sleep(20);
    expect(await store.sweep()).toMatchObject({ forgotten: 1 });
    expect(await store.get("default", good.id)).toBeUndefined();
    expect(await collect(store.watch(good.id, 0, never))).toEqual([]);
  });

  it("does not begin a job whose time to start has passed", async () => {
    const { id } = await submit({ startWithinMs: 10 });
    await sleep(30);
    expect(await claim()).toEqual([]);
    expect(await store.get("default", id)).toMatchObject({ status: "expired" });
  });

  it("lists by pages that inserts do not shift, with filters", async () => {
    const ids: string[] = [];
    for (let count = 0; count < 5; count += 1) ids.unshift((await submit({ externalId: `e${count}` })).id);
    await submit({ tenantId: "other" });
    const first = await store.list({ tenantId: "default", limit: 2 });
    await submit();
    const second = await store.list({ tenantId: "default", limit: 2, cursor: first.next ?? "" });
    const third = await store.list({ tenantId: "default", limit: 2, cursor: second.next ?? "" });
    expect([first, second, third].flatMap(({ jobs }) => jobs.map(({ id }) => id))).toEqual(ids);
    expect(third.next).toBeUndefined();
    const named = await store.list({ tenantId: "default", limit: 9, externalId: "e3", status: ["queued"] });
    expect(named.jobs.map(({ id }) => id)).toEqual([ids[1]]);
    expect((await store.list({ tenantId: "default", limit: 9, status: ["failed"] })).jobs).toEqual([]);
    expect((await store.list({ tenantId: "default", limit: 9, createdBefore: 5 })).jobs).toEqual([]);
    await expect(store.list({ tenantId: "default", limit: 2, cursor: "x" })).rejects.toMatchObject({
      reason: "CURSOR_INVALID",
    });
  });

  it("measures the lanes", async () => {
    await submit();
    await submit({ lane: "batch" });
    await submit({ lane: "batch" });
    await claim(1);
    await sleep(20);
    expect(await store.depths()).toEqual([
      { lane: "interactive", queued: 0, running: 1, oldestAgeSeconds: 0, megapixelSteps: 0 },
      { lane: "batch", queued: 2, running: 0, oldestAgeSeconds: expect.any(Number), megapixelSteps: 2 },
    ]);
  });

  it("tells workers of new jobs and of jobs to stop", async () => {
    const told: string[] = [];
    const worker = await another();
    const leave = await worker.attend(
      () => told.push("ready"),
      (id) => told.push(id),
    );
    const { id } = await submit();
    await store.end(id, "cancelled");
    await expect.poll(() => told, { timeout: 20_000 }).toEqual(["ready", id]);
    await leave();
  });
});
