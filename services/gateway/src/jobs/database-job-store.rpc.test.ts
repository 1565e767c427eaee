import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { databaseKinds } from "../database/testing/databases.ts";
import { input, never, options, picture, seconds, useJobStore } from "../testing/job-store-under-test.ts";
import { DatabaseJobStore } from "./database-job-store.ts";
import type { JobEvent, NewJob } from "./job.ts";
import type { Claim } from "./job-store.ts";

const preview = { data: Buffer.from("preview"), mediaType: "image/png" };

async function collect(events: AsyncIterable<JobEvent>): Promise<JobEvent[]> {
  const all: JobEvent[] = [];
  for await (const event of events) all.push(event);
  return all;
}

describe.each(databaseKinds)("DatabaseJobStore on $name", (kind) => {
  const jobs = useJobStore(kind);

  it.runIf(kind.name === "postgres")("starts in several processes at once on an empty database", async () => {
    const empty = await kind.open();
    const started = await Promise.all(Array.from({ length: 4 }, () => DatabaseJobStore.start(empty, options)));
    for (const each of started) await each.close();
    await empty.close();
  });

  it("keeps what was asked for and shows it to its tenant only", async () => {
    const job = await jobs.submit({
      externalId: "sku-1",
      priority: 5,
      startWithinMs: 1000,
      warnings: [{ code: "A", message: "b" }],
    });
    expect(await jobs.store.get("default", job.id)).toEqual(job);
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
    expect(await jobs.store.get("other", job.id)).toBeUndefined();
    expect(await jobs.store.get("default", "no id")).toBeUndefined();
  });

  it("rolls the job, its event and its queue entry back together", async () => {
    const failing = jobs.database.transaction(async (tx) => {
      await jobs.store.submit({ tenantId: "default", input }, tx);
      throw new Error("no");
    });
    await expect(failing).rejects.toThrow("no");
    expect(await jobs.claim(5)).toEqual([]);
    expect((await jobs.store.list({ tenantId: "default", limit: 10 })).jobs).toEqual([]);
    expect(await jobs.database.query("SELECT * FROM job_event")).toEqual([]);
  });

  it("runs a job to its end, with gapless events for readers that come early and late", async () => {
    const { id } = await jobs.submit();
    const early = collect(jobs.store.watch(id, 0, never));
    const held = await jobs.claimOne();
    await jobs.store.change(held, { status: "editing", preview, timings: { planning_ms: 30 } });
    await jobs.store.change(held, { preview });
    const done = await jobs.store.change(held, { status: "succeeded", result: picture, timings: { editing_ms: 40 } });
    expect(done).toMatchObject({
      status: "succeeded",
      stage: "finishing",
      result: picture,
      timings: { planning_ms: 30, editing_ms: 40, queued_ms: expect.any(Number), total_ms: expect.any(Number) },
    });
    expect(done?.finishedAt).toBeGreaterThanOrEqual(done?.startedAt ?? Infinity);
    expect((await early).map(({ sequence }) => sequence)).toEqual([1, 2, 3, 4, 5]);
    expect(await collect(jobs.store.watch(id, 3, never))).toMatchObject([
      { sequence: 4, preview },
      { sequence: 5, status: "succeeded" },
    ]);
    const late = await collect(jobs.store.watch(id, 0, never));
    expect(late.filter((event) => event.preview)).toHaveLength(1);
    expect(await jobs.claim()).toEqual([]);
  });

  it("lets a reader on another connection see what happens, and end when it goes", async () => {
    const reader = await jobs.another();
    const { id } = await jobs.submit();
    const gone = new AbortController();
    const seen: number[] = [];
    const leaving = (async () => {
      for await (const { sequence } of reader.watch(id, 0, gone.signal)) seen.push(sequence);
    })();
    const all = collect(reader.watch(id, 0, never));
    const held = await jobs.claimOne();
    await expect.poll(() => seen, { timeout: 20_000 }).toEqual([1, 2]);
    gone.abort();
    await leaving;
    await jobs.store.change(held, { status: "failed" });
    expect((await all).map(({ status }) => status)).toEqual(["queued", "planning", "failed"]);
  });

  it("tells who waits for the end alone, on any connection, before and after it", async () => {
    const reader = await jobs.another();
    const { id } = await jobs.submit();
    const done: string[] = [];
    const wait = (from: DatabaseJobStore, name: string, signal = never) =>
      from.ended(id, signal).then(() => void done.push(name));
    const gone = new AbortController();
    const all = [wait(reader, "reader"), wait(jobs.store, "store"), wait(reader, "leaving", gone.signal)];
    const held = await jobs.claimOne();
    await jobs.store.change(held, { status: "editing" });
    gone.abort();
    await expect.poll(() => done, { timeout: 20_000 }).toEqual(["leaving"]);
    await sleep(100);
    expect(done).toEqual(["leaving"]);
    await jobs.store.change(held, { status: "failed" });
    await Promise.all(all);
    await wait(reader, "late");
    await reader.ended("00000000-0000-7000-8000-000000000000", never);
    expect(done.toSorted()).toEqual(["late", "leaving", "reader", "store"]);
  });

  it("lets nobody wait for a store that is closed", async () => {
    const reader = await jobs.another();
    const { id } = await jobs.submit();
    const waiting = reader.ended(id, never);
    await reader.close();
    await waiting;
  });

  it("tells once of every end, whoever brings it", async () => {
    const told: string[] = [];
    const telling = await jobs.another({
      onEnd: ({ externalId, status }) => void told.push(`${externalId} ${status}`),
    });
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

  it("makes one job of 50 submits with the same key, and refuses the key for another payload", async () => {
    const idempotency = { key: "k", fingerprint: "f" };
    const outcomes = await Promise.all(
      Array.from({ length: 50 }, () => jobs.store.submit({ tenantId: "default", input, idempotency })),
    );
    expect(new Set(outcomes.map(({ job }) => job.id)).size).toBe(1);
    expect(outcomes.filter(({ replayed }) => !replayed)).toHaveLength(1);
    expect(await jobs.claim(50)).toHaveLength(1);
    const other = { tenantId: "default", input, idempotency: { key: "k", fingerprint: "g" } };
    await expect(jobs.store.submit(other)).rejects.toMatchObject({ reason: "IDEMPOTENCY_KEY_REUSED" });
    expect((await jobs.store.submit({ ...other, tenantId: "other" })).replayed).toBe(false);
  });

  it("expires what does not start or end in time, and forgets what is old", async () => {
    const brief = await jobs.another({ retentionMs: 1 });
    const late = (await brief.submit({ tenantId: "default", input, startWithinMs: 20 })).job;
    const slow = (await brief.submit({ tenantId: "default", input, finishWithinMs: 20 })).job;
    const good = (await brief.submit({ tenantId: "default", input, startWithinMs: 60_000 })).job;
    await sleep(50);
    expect(await jobs.store.sweep()).toMatchObject({ expired: 2 });
    expect(await jobs.store.get("default", late.id)).toMatchObject({
      status: "expired",
      problem: { reason: "START_TIMEOUT" },
    });
    expect(await jobs.store.get("default", slow.id)).toMatchObject({
      status: "expired",
      problem: { reason: "EDIT_TIMEOUT" },
    });
    expect((await jobs.claim(3)).map(({ job }) => job.id)).toEqual([good.id]);
    await brief.end(good.id, "cancelled");
    await sleep(20);
    expect(await jobs.store.sweep()).toMatchObject({ forgotten: 1 });
    expect(await jobs.store.get("default", good.id)).toBeUndefined();
    expect(await collect(jobs.store.watch(good.id, 0, never))).toEqual([]);
  });

  it("lists by pages that inserts do not shift, with filters", async () => {
    const ids: string[] = [];
    for (let count = 0; count < 5; count += 1) ids.unshift((await jobs.submit({ externalId: `e${count}` })).id);
    await jobs.submit({ tenantId: "other" });
    const first = await jobs.store.list({ tenantId: "default", limit: 2 });
    await jobs.submit();
    const second = await jobs.store.list({ tenantId: "default", limit: 2, cursor: first.next ?? "" });
    const third = await jobs.store.list({ tenantId: "default", limit: 2, cursor: second.next ?? "" });
    expect([first, second, third].flatMap((page) => page.jobs.map(({ id }) => id))).toEqual(ids);
    expect(third.next).toBeUndefined();
    const named = await jobs.store.list({ tenantId: "default", limit: 9, externalId: "e3", status: ["queued"] });
    expect(named.jobs.map(({ id }) => id)).toEqual([ids[1]]);
    expect((await jobs.store.list({ tenantId: "default", limit: 9, status: ["failed"] })).jobs).toEqual([]);
    expect((await jobs.store.list({ tenantId: "default", limit: 9, createdBefore: 5 })).jobs).toEqual([]);
    await expect(jobs.store.list({ tenantId: "default", limit: 2, cursor: "x" })).rejects.toMatchObject({
      reason: "CURSOR_INVALID",
    });
  });

  it("tells workers of new jobs and of jobs to stop", async () => {
    const told: string[] = [];
    const worker = await jobs.another();
    const leave = await worker.attend(
      () => told.push("ready"),
      (id) => told.push(id),
    );
    const { id } = await jobs.submit();
    await jobs.store.end(id, "cancelled");
    await expect.poll(() => told, { timeout: 20_000 }).toEqual(["ready", id]);
    await leave();
  });
});
