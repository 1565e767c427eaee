import { setTimeout as sleep } from "node:timers/promises";
import { createLogger, MoodError } from "@moodifier/service-kit";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import type { Database } from "../database/database.ts";
import { databaseKinds } from "../database/testing/databases.ts";
import { toProblem } from "../http/problem.ts";
import type { Batch, RowClaim, RowOutcome } from "./batch.ts";
import { BatchFeed } from "./batch-feed.ts";
import { readBatchOptions } from "./batch-options.ts";
import { BatchRunner, type BatchRunnerOptions, type RowWork } from "./batch-runner.ts";
import { BatchStore, type NewBatch } from "./batch-store.ts";
import type { RowPlan } from "./row-plan.ts";
import { RowQueue } from "./row-queue.ts";

const outcome = (index: number): RowOutcome => ({
  files: [
    {
      name: `${index}.png`,
      key: String(index).padStart(64, "0"),
      sha256: String(index).padStart(64, "0"),
      bytes: 10,
      mediaType: "image/png",
      width: 1,
      height: 1,
    },
  ],
  seed: "7",
  warnings: [],
});

const problem = toProblem(new MoodError("INVALID_ARGUMENT", "EMOTION_UNKNOWN", "no such emotion"));

function rowsOf(count: number, faulty: readonly number[] = []): RowPlan[] {
  return Array.from({ length: count }, (_, index) => ({
    index,
    line: index + 2,
    externalId: `sku-${index}`,
    input: { sku: `sku-${index}` },
    edit: { emotion: "joy" },
    image: "https://shop.example/a.png",
    names: [`${index}.png`],
    ...(faulty.includes(index) && { problem }),
  }));
}

describe.each(databaseKinds)("batches on $name", (kind) => {
  let database: Database;
  let store: BatchStore;
  let queue: RowQueue;

  beforeAll(async () => {
    await kind.start();
    database = await kind.open();
    store = new BatchStore(database, 60_000);
    queue = new RowQueue(database, { leaseMs: 60_000, retentionMs: 60_000 });
  }, 120_000);
  afterAll(async () => {
    await database.close();
    await kind.stop();
  });
  afterEach(() => database.query("TRUNCATE batch, batch_row, upload"));

  const newBatch = (count: number, faulty: number[] = []): NewBatch => ({
    tenantId: "a",
    options: readBatchOptions({}),
    columns: ["sku"],
    survey: { rows: count, faulty: faulty.length, faults: [], ignoredColumns: [] },
    rows: rowsOf(count, faulty),
  });
  const make = async (count: number, more: Partial<NewBatch> & { faulty?: number[] } = {}): Promise<Batch> => {
    const { faulty = [], ...rest } = more;
    return (await store.create({ ...newBatch(count, faulty), ...rest })).batch;
  };
  const read = (batch: Batch): Promise<Batch> => store.require("a", batch.id);
  const succeed = (claim: RowClaim): Promise<boolean> =>
    queue.end(claim, { status: "succeeded", outcome: outcome(claim.row.index) });

  it("keeps every row of a large manifest, ends faulty ones at once and pages through them", async () => {
    const batch = await make(1234, { faulty: [3, 1233] });
    expect(batch).toMatchObject({ status: "running", total: 1234, counts: { pending: 1232, failed: 2 } });
    let after: number | undefined;
    const seen: number[] = [];
    do {
      const { items, next } = await store.rows(batch, { limit: 500, ...(after !== undefined && { after }) });
      seen.push(...items.map(({ index }) => index));
      after = next === undefined ? undefined : Number(next);
    } while (after !== undefined);
    expect(seen).toEqual(Array.from({ length: 1234 }, (_, index) => index));
    const failed = await store.rows(batch, { limit: 10, statuses: ["failed"] });
    expect(failed.items.map(({ index, problem: why }) => [index, why?.reason])).toEqual([
      [3, "EMOTION_UNKNOWN"],
      [1233, "EMOTION_UNKNOWN"],
    ]);
  });

  it.runIf(kind.name === "pglite")("gives back at its start what an earlier process held", async () => {
    await make(3);
    const [held] = await queue.claim(2);
    expect(await queue.claim(3)).toHaveLength(1);
    await queue.recover();
    expect(await succeed(held!)).toBe(false);
    expect((await queue.claim(3)).map(({ row }) => row.attempt)).toEqual([2, 2, 2]);
  });

  it.runIf(kind.name === "postgres")("takes nothing from processes that share the database", async () => {
    await make(1);
    const [held] = await queue.claim(1);
    await queue.recover();
    expect(await succeed(held!)).toBe(true);
  });

  it("tells how many rows wait and run, and for how long", async () => {
    expect(await store.depth()).toEqual({ lane: "rows", queued: 0, running: 0, oldestAgeSeconds: 0 });
    const batch = await make(20, { faulty: [3] });
    await database.query("UPDATE batch SET created_at = now() - interval '1 hour' WHERE id = $1", [batch.id]);
    const cancelled = await make(5);
    await store.cancel("a", cancelled.id);
    const [claim] = await queue.claim(4);
    await succeed(claim!);
    const { oldestAgeSeconds, ...counts } = await store.depth();
    expect(counts).toEqual({ lane: "rows", queued: 15, running: 3 });
    expect(oldestAgeSeconds).toBeGreaterThan(3590);
    expect(oldestAgeSeconds).toBeLessThan(3700);
  });

  it("writes nothing under a lease that was lost", async () => {
    const batch = await make(1);
    const hasty = new RowQueue(database, { leaseMs: 1, retentionMs: 60_000 });
    const [stale] = await hasty.claim(1);
    await sleep(20);
    const [fresh] = await queue.claim(1);
    expect(fresh).toMatchObject({ row: { attempt: 2 } });
    expect(await succeed(stale!)).toBe(false);
    expect(await queue.setJob(stale!, "00000000-0000-0000-0000-000000000000")).toBe("taken");
    await queue.release(stale!, { delayMs: 0, counts: true });
    expect(await queue.renew([stale!, fresh!])).toEqual([stale]);
    expect((await read(batch)).counts).toMatchObject({ running: 1 });
    expect(await succeed(fresh!)).toBe(true);
    expect(await succeed(fresh!)).toBe(false);
    expect(await read(batch)).toMatchObject({ status: "succeeded", sequence: 1, counts: { succeeded: 1 } });
  });

  it.each([
    [[], "succeeded"],
    [[0], "partially_succeeded"],
    [[0, 1], "failed"],
  ])("ends with failed rows %j as %s", async (bad, status) => {
    const batch = await make(2);
    for (const claim of await queue.claim(2)) {
      if ((bad as number[]).includes(claim.row.index)) await queue.end(claim, { status: "failed", problem });
      else await succeed(claim);
    }
    expect(await read(batch)).toMatchObject({ status, finishedAt: expect.any(Number), expiresAt: expect.any(Number) });
  });

  it("ends a batch without a row that can run", async () => {
    expect(await make(2, { faulty: [0, 1] })).toMatchObject({ status: "failed" });
  });

  it("cancels what hasn't ended, once, and resumes it", async () => {
    const batch = await make(3, { faulty: [2] });
    const [claim] = await queue.claim(1);
    await queue.setJob(claim!, "0a000000-0000-4000-8000-000000000000");
    const { jobs } = await store.cancel("a", batch.id);
    expect(jobs).toEqual(["0a000000-0000-4000-8000-000000000000"]);
    expect(await read(batch)).toMatchObject({ status: "cancelled", counts: { cancelled: 2, failed: 1 } });
    expect(await succeed(claim!)).toBe(false);
    expect(await queue.setJob(claim!, "00000000-0000-0000-0000-000000000000")).toBe("cancelled");
    expect((await store.cancel("a", batch.id)).jobs).toEqual([]);
    expect(await queue.claim(5)).toEqual([]);
    const resumed = await store.retry("a", batch.id, ["cancelled"]);
    expect(resumed).toMatchObject({ status: "running", counts: { pending: 2, failed: 1 } });
    const claims = await queue.claim(5);
    expect(claims.map(({ generation, row }) => [generation, row.jobId])).toEqual([
      [1, undefined],
      [1, undefined],
    ]);
  });

  it("retries failed rows, not those that can never run", async () => {
    const batch = await make(3, { faulty: [0] });
    const claims = await queue.claim(3);
    await queue.end(claims[0]!, { status: "failed", problem });
    await succeed(claims[1]!);
    expect(await store.retry("a", batch.id, ["failed"])).toMatchObject({
      status: "running",
      counts: { failed: 1, pending: 1, succeeded: 1 },
    });
    await succeed((await queue.claim(3))[0]!);
    expect(await store.retry("a", batch.id, ["failed"])).toMatchObject({ status: "partially_succeeded" });
  });

  it("makes one batch of fifty equal requests", async () => {
    const idempotency = { key: "k", fingerprint: "f" };
    const made = await Promise.all(Array.from({ length: 50 }, () => make(3, { idempotency })));
    expect(new Set(made.map(({ id }) => id)).size).toBe(1);
    expect(await database.query("SELECT count(*) AS count FROM batch_row")).toEqual([{ count: 3 }]);
    await expect(make(3, { idempotency: { key: "k", fingerprint: "other" } })).rejects.toMatchObject({
      reason: "IDEMPOTENCY_KEY_REUSED",
    });
    const other = await store.create({ ...newBatch(1), tenantId: "b", idempotency });
    expect(other.replayed).toBe(false);
  });

  it("shows a tenant its own batches only", async () => {
    const batch = await make(1);
    await expect(store.require("b", batch.id)).rejects.toMatchObject({ code: "NOT_FOUND", reason: "BATCH_NOT_FOUND" });
    await expect(store.cancel("b", batch.id)).rejects.toMatchObject({ reason: "BATCH_NOT_FOUND" });
    await expect(store.retry("b", batch.id, ["failed"])).rejects.toMatchObject({ reason: "BATCH_NOT_FOUND" });
    expect((await store.list("b", { limit: 10 })).items).toEqual([]);
    expect((await store.list("a", { limit: 10 })).items).toHaveLength(1);
  });

  it("lists by pages that outlast what they ended with", async () => {
    const ids: string[] = [];
    for (let count = 0; count < 3; count += 1) ids.unshift((await make(1)).id);
    const { items, next = "" } = await store.list("a", { limit: 2 });
    expect(items.map(({ id }) => id)).toEqual(ids.slice(0, 2));
    await database.query("DELETE FROM batch WHERE id = $1", [ids[1]]);
    const rest = await store.list("a", { limit: 2, cursor: next });
    expect(rest).toMatchObject({ items: [{ id: ids[2] }] });
    expect(rest.next).toBeUndefined();
    await expect(store.list("a", { limit: 2, cursor: ids[0]! })).rejects.toMatchObject({ reason: "CURSOR_INVALID" });
    await expect(store.require("a", "-".repeat(36))).rejects.toMatchObject({ reason: "BATCH_NOT_FOUND" });
  });

  it("forgets a batch after its time", async () => {
    const brief = new BatchStore(database, 1);
    const batch = await make(1, { faulty: [0] });
    await database.query("UPDATE batch SET expires_at = now() - interval '1 s'");
    expect(await brief.sweep()).toBe(1);
    await expect(read(batch)).rejects.toMatchObject({ reason: "BATCH_NOT_FOUND" });
    expect(await database.query("SELECT 1 FROM batch_row")).toEqual([]);
  });

  describe("with runners", () => {
    const runners: BatchRunner[] = [];
    afterEach(async () => {
      await Promise.all(runners.splice(0).map((runner) => runner.stop(0)));
    });

    const run = async (
      work: RowWork,
      { window = 4, patienceMs = 60_000, ...more }: Partial<BatchRunnerOptions> = {},
    ): Promise<BatchRunner> => {
      const logger = createLogger({ service: "gateway", level: "warn" });
      const retry = { maxAttempts: 3, baseMs: 1, maxMs: 10 };
      const options = { window, leaseMs: 300, pollMs: 20, retry, patienceMs, ...more };
      const runner = new BatchRunner({ store, queue, logger }, work, options);
      runners.push(runner);
      await runner.start();
      return runner;
    };
    const ended = async (batch: Batch): Promise<Batch> => {
      for (;;) {
        const now = await read(batch);
        if (now.status !== "running") return now;
        await sleep(20);
      }
    };

    it("runs every row once, never more than the window at a time, and tells who watches", async () => {
      const ran: number[] = [];
      let [now, most] = [0, 0];
      await run(async ({ row }) => {
        most = Math.max(most, (now += 1));
        await sleep(2);
        now -= 1;
        ran.push(row.index);
        if (row.index % 10 === 9) throw new MoodError("INVALID_ARGUMENT", "IMAGE_CORRUPT", "bad");
        return outcome(row.index);
      });
      const feed = new BatchFeed(store);
      await feed.start();
      const batch = await make(40);
      const events = [];
      const signal = AbortSignal.timeout(60_000);
      for await (const event of feed.watch(batch, { after: 0, base: "http://x", signal })) events.push(event);
      await feed.stop();
      expect(ran.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 40 }, (_, index) => index));
      expect(most).toBe(4);
      expect(await ended(batch)).toMatchObject({ status: "partially_succeeded", counts: { succeeded: 36, failed: 4 } });
      const rows = events.filter(({ event }) => event === "row");
      expect(rows.map(({ id }) => Number(id))).toEqual(Array.from({ length: 40 }, (_, index) => index + 1));
      expect(events.at(-1)).toMatchObject({
        event: "progress",
        data: { status: "partially_succeeded", succeeded: 36 },
      });
      const resumed = [];
      for await (const event of feed.watch(batch, { after: 38, base: "http://x", signal })) resumed.push(event.id);
      expect(resumed).toEqual(["39", "40", undefined]);
    });

    it("tries again what may pass, not what can't, and counts no try that was refused for lack of room", async () => {
      const tries = new Map<number, number>();
      await run(async ({ row }) => {
        const count = (tries.get(row.index) ?? 0) + 1;
        tries.set(row.index, count);
        if (row.index === 0 && count < 3) throw new MoodError("UNAVAILABLE", "SOURCE_UNAVAILABLE", "later");
        if (row.index === 1) throw new MoodError("UNAVAILABLE", "SOURCE_UNAVAILABLE", "never");
        if (row.index === 2) throw new MoodError("NOT_FOUND", "SOURCE_MISSING", "gone");
        if (row.index === 3 && count < 6) throw new MoodError("RESOURCE_EXHAUSTED", "QUEUE_FULL", "full");
        return outcome(row.index);
      });
      const batch = await ended(await make(4));
      expect(Object.fromEntries(tries)).toEqual({ 0: 3, 1: 3, 2: 1, 3: 6 });
      const { items } = await store.rows(batch, { limit: 10 });
      expect(items.map(({ status, problem: why }) => why?.reason ?? status)).toEqual([
        "succeeded",
        "SOURCE_UNAVAILABLE",
        "SOURCE_MISSING",
        "succeeded",
      ]);
    });

    it("sits out a storage that is away, but not forever", async () => {
      let tries = 0;
      const work: RowWork = async ({ row }) => {
        tries += 1;
        if (tries < 8) throw new MoodError("UNAVAILABLE", "STORAGE_UNAVAILABLE", "away");
        return outcome(row.index);
      };
      const patient = await run(work);
      expect(await ended(await make(1))).toMatchObject({ status: "succeeded" });
      expect(tries).toBe(8);
      await patient.stop(0);
      tries = 0;
      await run(work, { patienceMs: 0 });
      expect(await ended(await make(1))).toMatchObject({ status: "failed" });
      expect(tries).toBe(3);
    });

    it("counts no attempt as failed whose runner died", async () => {
      const hasty = new RowQueue(database, { leaseMs: 1, retentionMs: 60_000 });
      const batch = await make(1);
      for (let death = 1; death <= 4; death += 1) {
        expect(await hasty.claim(1)).toMatchObject([{ row: { attempt: death, failures: 0 } }]);
        await sleep(10);
      }
      let tries = 0;
      await run(async ({ row }) => {
        tries += 1;
        if (tries < 3) throw new MoodError("UNAVAILABLE", "SOURCE_UNAVAILABLE", "later");
        return outcome(row.index);
      });
      expect(await ended(batch)).toMatchObject({ status: "succeeded" });
      expect((await store.rows(batch, { limit: 1 })).items).toMatchObject([{ attempt: 7, failures: 2 }]);
    });

    it("counts the end of a row once, whoever's it was", async () => {
      const [first, ends] = [Promise.withResolvers<void>(), [] as string[]];
      await run(
        async ({ row }) => {
          if (row.attempt === 1) await first.promise;
          return outcome(row.index);
        },
        { onRowEnd: (status) => void ends.push(status) },
      );
      const batch = await make(1);
      await expect.poll(async () => (await read(batch)).counts.running, { timeout: 20_000 }).toBe(1);
      await database.query("UPDATE batch_row SET lease = gen_random_uuid(), lease_until = now() - interval '1 s'");
      await ended(batch);
      first.resolve();
      await sleep(200);
      expect(ends).toEqual(["succeeded"]);
    });

    it("goes on when a runner dies in the middle, and loses and doubles nothing", async () => {
      const hasty = new RowQueue(database, { leaseMs: 200, retentionMs: 60_000 });
      const batch = await make(12);
      // A runner that died: it holds rows and is never heard of again.
      const dead = await hasty.claim(5);
      expect(dead).toHaveLength(5);
      await run(async ({ row }) => outcome(row.index), { window: 3 });
      const done = await ended(batch);
      expect(done).toMatchObject({ status: "succeeded", sequence: 12, counts: { succeeded: 12 } });
      for (const claim of dead) expect(await succeed(claim)).toBe(false);
    });

    it("stops the work of cancelled rows", async () => {
      let stopped = 0;
      const working = Promise.withResolvers<void>();
      await run(async (_claim, { signal }) => {
        working.resolve();
        await sleep(60_000, undefined, { signal }).catch(() => undefined);
        stopped += 1;
        throw signal.reason;
      });
      const batch = await make(8);
      await working.promise;
      await store.cancel("a", batch.id);
      await expect.poll(() => stopped, { timeout: 20_000 }).toBeGreaterThanOrEqual(1);
      expect(await read(batch)).toMatchObject({ status: "cancelled", counts: { cancelled: 8 } });
    });

    it("gives rows back when it shuts down", async () => {
      const working = Promise.withResolvers<void>();
      const runner = await run(
        async (_claim, { signal }) => {
          working.resolve();
          await sleep(60_000, undefined, { signal }).catch(() => undefined);
          throw signal.reason;
        },
        { window: 2 },
      );
      const batch = await make(5);
      await working.promise;
      await runner.stop(0);
      expect(runner.active).toBe(0);
      expect((await read(batch)).counts).toMatchObject({ pending: 5, running: 0 });
      const [claim] = await queue.claim(1);
      expect(claim?.row.failures).toBe(0);
    });
  });
});
