import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import type { Database } from "../database/database.ts";
import { databaseKinds } from "../database/testing/databases.ts";
import type { Batch, RowClaim } from "./batch.ts";
import { readBatchOptions } from "./batch-options.ts";
import { BatchStore } from "./batch-store.ts";
import { RowQueue } from "./row-queue.ts";

describe.each(databaseKinds)("turns of rows on $name", (kind) => {
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
  afterEach(() => database.query("TRUNCATE batch, batch_row"));

  async function make(count: number, { tenantId = "a", priority = 0 } = {}): Promise<Batch> {
    const rows = Array.from({ length: count }, (_, index) => ({
      index,
      line: index + 2,
      externalId: `sku-${index}`,
      input: {},
      edit: { emotion: "joy" },
      image: "https://shop.example/a.png",
      names: [`${index}.png`],
    }));
    const survey = { rows: count, faulty: 0, faults: [], ignoredColumns: [] };
    return (await store.create({ tenantId, options: readBatchOptions({ priority }), columns: [], survey, rows })).batch;
  }
  const succeed = (claim: RowClaim): Promise<boolean> =>
    queue.end(claim, { status: "succeeded", outcome: { files: [], seed: "7", warnings: [] } });

  it("gives each row to one of many who ask at once, and batches their turns", async () => {
    const first = await make(20);
    const second = await make(20);
    const claims = (await Promise.all(Array.from({ length: 10 }, () => queue.claim(3)))).flat();
    expect(claims).toHaveLength(30);
    expect(new Set(claims.map(({ row }) => `${row.batchId} ${row.index}`)).size).toBe(30);
    const of = (batch: Batch): number => claims.filter(({ row }) => row.batchId === batch.id).length;
    // Who asks at the same moment doesn't see yet what the others take.
    for (const batch of [first, second]) expect(of(batch)).toBeGreaterThan(10);
  });

  it("takes a tenant's urgent batches first, before nobody else's", async () => {
    await make(2);
    const urgent = await make(4, { priority: 5 });
    expect((await queue.claim(2)).map(({ row }) => row.batchId)).toEqual([urgent.id, urgent.id]);
    const others = await make(4, { tenantId: "b" });
    const next = await queue.claim(3);
    expect(next.filter(({ row }) => row.batchId === others.id).length).toBeGreaterThanOrEqual(2);
  });

  it.each(["a", "b"])("lets a batch of a go on beside one of %s that begins later", async (tenantId) => {
    const early = await make(60);
    await Promise.all((await queue.claim(50)).map(succeed));
    const late = await make(60, { tenantId });
    const held = await queue.claim(4);
    for (let turn = 0; turn < 8; turn += 1) {
      await succeed(held.shift()!);
      held.push(...(await queue.claim(1)));
      const own = held.filter(({ row }) => row.batchId === early.id);
      expect([own.length, held.length]).toEqual([2, 4]);
    }
    expect((await store.require("a", early.id)).counts.succeeded).toBeGreaterThan(50);
    expect((await store.require(tenantId, late.id)).counts.succeeded).toBeGreaterThan(0);
  });

  it("draws lots between tenants when there are more of them than a runner takes rows", async () => {
    for (let index = 0; index < 4; index += 1) await make(40, { tenantId: `t${index}` });
    const served = new Set<string>();
    for (let turn = 0; turn < 100 && served.size < 4; turn += 1) {
      const [claim] = await queue.claim(1);
      served.add(claim!.tenantId);
      await succeed(claim!);
    }
    expect(served.size).toBe(4);
  });

  it("leaves room beside a tenant that holds as much as it may", async () => {
    const mostHeld = { usual: 9, of: { a: 3 } };
    const limited = new RowQueue(database, { leaseMs: 60_000, retentionMs: 60_000, mostHeld });
    await make(10);
    expect(await limited.claim(2)).toHaveLength(2);
    expect(await limited.claim(8)).toHaveLength(1);
    await make(10, { tenantId: "b" });
    expect((await limited.claim(8)).map(({ tenantId }) => tenantId)).toEqual(Array(8).fill("b"));
  });
});
