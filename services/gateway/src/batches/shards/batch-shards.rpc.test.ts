import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { createLogger, MoodError } from "@moodifier/service-kit";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { LocalRunner } from "../../cluster/local-runner.ts";
import type { ShardedWork, ShardReport, ShardRunner, ShardRunOptions } from "../../cluster/shard-runner.ts";
import { databaseKinds } from "../../database/testing/databases.ts";
import { type PostgresServer, startPostgres } from "../../database/testing/postgres-server.ts";
import type { Database } from "../../database/database.ts";
import { toProblem } from "../../http/problem.ts";
import { type GatewayUnderTest, startGateway } from "../../testing/gateway-under-test.ts";
import type { Batch } from "../batch.ts";
import { readBatchOptions } from "../batch-options.ts";
import { BatchStore } from "../batch-store.ts";
import { batchRowListSchema, batchSchema } from "../batch-view.ts";
import { RowQueue } from "../row-queue.ts";
import { BatchDispatcher } from "./batch-dispatcher.ts";
import { parseShard, shareOf } from "./row-share.ts";

const patience = { timeout: 60_000, interval: 50 };

describe("a shard", () => {
  it("is some of the rows", () => {
    expect(shareOf("b", 10, parseShard("2/3"))).toEqual({ batchId: "b", from: 6, to: 10 });
  });

  it.each(["3/3", "-1/3", "1", "1/0", "x/y"])("is not %s", (text) =>
    expect(() => parseShard(text)).toThrow(expect.objectContaining({ reason: "SHARD_INVALID" })),
  );
});

const postgres = databaseKinds.find(({ name }) => name === "postgres")!;
const logger = createLogger({ service: "test", level: "silent" });

describe("batches in shards", () => {
  let database: Database;
  let store: BatchStore;
  let dispatcher: BatchDispatcher | undefined;
  const cancelled: string[] = [];

  beforeAll(async () => {
    await postgres.start();
    database = await postgres.open();
    store = new BatchStore(database, 60_000);
  }, 120_000);
  afterAll(async () => {
    await database.close();
    await postgres.stop();
  });
  afterEach(async () => {
    await dispatcher?.stop();
    dispatcher = undefined;
    await database.query("TRUNCATE batch, batch_row");
  });

  async function make(count: number): Promise<Batch> {
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
    return (await store.create({ tenantId: "a", options: readBatchOptions({}), columns: [], survey, rows })).batch;
  }
  const queueOf = (batch: Batch, shard: string) =>
    new RowQueue(database, {
      leaseMs: 60_000,
      retentionMs: 60_000,
      share: shareOf(batch.id, batch.total, parseShard(shard)),
    });
  const read = (batch: Batch) => store.require("a", batch.id);
  const indexesOf = (claims: readonly { row: { index: number } }[]) => claims.map(({ row }) => row.index).sort();

  async function dispatch(runner: ShardRunner): Promise<void> {
    const cancelJob = async (id: string) => void cancelled.push(id);
    dispatcher = new BatchDispatcher(
      { store, runner, logger },
      { shardRows: 2, parallelism: 2, pollMs: 50, cancelJob },
    );
    await dispatcher.start();
  }
  /** A worker whose process ends with a code of its own for each shard, without doing anything. */
  const idle = (script: string) =>
    new LocalRunner({ command: [process.execPath, "--eval", script, "--"], retries: 0, graceMs: 100 });

  it("take only the rows of their share", async () => {
    const [batch, other] = [await make(7), await make(2)];
    expect(indexesOf(await queueOf(batch, "1/3").claim(10))).toEqual([2, 3]);
    expect(indexesOf(await queueOf(batch, "2/3").claim(10))).toEqual([4, 5, 6]);
    expect(indexesOf(await queueOf(batch, "0/3").claim(10))).toEqual([0, 1]);
    expect(await queueOf(batch, "0/1").claim(10)).toEqual([]);
    expect(indexesOf(await queueOf(other, "0/1").claim(10))).toEqual([0, 1]);
    expect(await store.openRows(shareOf(batch.id, 7, { index: 2, count: 3 }))).toBe(3);
  });

  it("fail the open rows of a share that is given up, in an order that a reader can follow", async () => {
    const batch = await make(6);
    const [done, running] = await queueOf(batch, "1/2").claim(2);
    const job = "00000000-0000-4000-8000-000000000001";
    expect(await queueOf(batch, "1/2").setJob(running!, job)).toBe("held");
    const outcome = { files: [], seed: "7", warnings: [] };
    await queueOf(batch, "1/2").end(done!, { status: "succeeded", outcome });
    const problem = toProblem(new MoodError("UNAVAILABLE", "SHARD_LOST", "lost"));
    const share = shareOf(batch.id, 6, { index: 1, count: 2 });
    expect(await store.giveUp(share, problem)).toEqual([job]);
    expect(await store.giveUp(share, problem)).toEqual([]);
    const now = await read(batch);
    expect(now).toMatchObject({ status: "running", sequence: 3, counts: { pending: 3, failed: 2, succeeded: 1 } });
    expect((await store.ended(now, 0, 10)).map(({ sequence }) => sequence)).toEqual([1, 2, 3]);
    await store.giveUp(shareOf(batch.id, 6, { index: 0, count: 2 }), problem);
    expect(await read(batch)).toMatchObject({ status: "partially_succeeded" });
  });

  it("end with the rows that lost shards leave", async () => {
    const batch = await make(5);
    await dispatch(idle("process.exitCode = 42"));
    await expect.poll(async () => (await read(batch)).status, patience).toBe("failed");
    const { items } = await store.rows(batch, { limit: 10 });
    expect(items.map(({ problem }) => problem?.reason)).toEqual(Array(5).fill("SHARD_LOST"));
    expect(items[4]?.problem?.detail).toContain("Shard 2/3");
  });

  it("are begun again while rows are open: after a deleted Job, and after a retry", async () => {
    const works: ShardedWork[] = [];
    const lost: ShardReport = { succeeded: [], failed: [], unfinished: [0, 1], reason: "JobDeleted" };
    await dispatch({
      run: async (work) => {
        works.push(work);
        if (works.length < 3) return lost;
        const [, id = ""] = work.args;
        await store.giveUp({ batchId: id, from: 0, to: 4 }, toProblem(new MoodError("ABORTED", "TRIED", "tried")));
        return { succeeded: [0, 1], failed: [], unfinished: [] };
      },
      close: async () => undefined,
    });
    const batch = await make(4);
    await expect.poll(async () => (await read(batch)).status, patience).toBe("failed");
    expect(works).toHaveLength(3);
    const work = { args: ["--batch", batch.id, "--shard", "{shard}"], shards: 2, parallelism: 2 };
    for (const each of works) expect(each).toEqual({ id: `batch ${batch.id} in 2`, ...work });
    await store.retry("a", batch.id, ["failed"]);
    await expect.poll(() => works.length, patience).toBe(4);
    await expect.poll(async () => (await read(batch)).status, patience).toBe("failed");
  });

  it("are stopped when the batch is cancelled, and go on when the dispatcher is", async () => {
    const runs: { aborted: () => boolean }[] = [];
    let closed = 0;
    const endless: ShardRunner = {
      run: (_work, { signal }: ShardRunOptions = {}) => {
        runs.push({ aborted: () => signal?.aborted === true });
        return new Promise((_resolve, reject) => signal?.addEventListener("abort", () => reject(signal.reason)));
      },
      close: async () => void (closed += 1),
    };
    await dispatch(endless);
    const batch = await make(4);
    await make(4);
    await expect.poll(() => runs.length, patience).toBe(2);
    await store.cancel("a", batch.id);
    await expect.poll(() => runs.filter(({ aborted }) => aborted()).length, patience).toBe(1);
    await dispatcher?.stop();
    dispatcher = undefined;
    expect(closed).toBe(1);
    expect(runs.filter(({ aborted }) => aborted())).toHaveLength(1);
  });
});

describe("a gateway that runs batches in shards", () => {
  let server: PostgresServer;
  let gateway: GatewayUnderTest;
  let dataDir: string;
  let databaseUrl: string;

  beforeAll(async () => {
    server = await startPostgres();
    dataDir = await mkdtemp(join(tmpdir(), "moodifier-shards-"));
    databaseUrl = await server.createDatabase();
  }, 120_000);
  afterAll(async () => {
    await gateway?.stop();
    await server?.stop();
    for (const name of Object.keys(process.env)) if (name.startsWith("MOODIFIER_")) delete process.env[name];
  });

  it("has processes of their own edit the rows", async () => {
    const main = fileURLToPath(new URL("run-shard.ts", import.meta.url));
    gateway = await startGateway({
      databaseUrl,
      dataDir,
      batchRunner: "shards",
      batchShardRows: 2,
      batchParallelism: 2,
      shardCommand: `${process.execPath} --conditions=source ${main}`,
      // It takes no jobs: whoever edits is a shard.
      role: "api",
    });
    const { addresses, record } = gateway.services;
    Object.assign(process.env, {
      MOODIFIER_DATABASE_URL: databaseUrl,
      MOODIFIER_DATA_DIR: dataDir,
      MOODIFIER_BATCH_RUNNER: "shards",
      MOODIFIER_LOG_LEVEL: "silent",
      MOODIFIER_MLLM_ADDRESS: addresses.mllmAddress,
      MOODIFIER_CLIP_ADDRESS: addresses.clipAddress,
      MOODIFIER_DIFFUSION_ADDRESS: addresses.diffusionAddress,
    });
    const upload = await fetch(`${gateway.url}/v1/uploads`, {
      method: "POST",
      body: new Uint8Array(gateway.picture),
      headers: { "Content-Type": "image/png" },
    });
    const { reference } = (await upload.json()) as { reference: string };
    const rows = Array.from({ length: 5 }, (_, index) => `${index === 4 ? "upload:none" : reference},joy,${index}`);
    const form = new FormData();
    form.append("manifest", new Blob([["image,emotion,seed", ...rows].join("\n")]), "manifest.csv");
    form.append("options", "{}");
    const answer = await fetch(`${gateway.url}/v1/batches`, { method: "POST", body: form });
    const batch = batchSchema.parse(await answer.json());
    const now = async () => batchSchema.parse(await (await fetch(`${gateway.url}/v1/batches/${batch.id}`)).json());
    await expect
      .poll(now, { timeout: 400_000, interval: 500 })
      .toMatchObject({ status: "partially_succeeded", counts: { succeeded: 4, failed: 1 } });
    expect(record.edits).toHaveLength(4);
    const list = batchRowListSchema.parse(await (await fetch(batch.urls.rows)).json());
    expect(list.rows.map(({ status }) => status)).toEqual([...Array(4).fill("succeeded"), "failed"]);
  }, 500_000);

  it("needs a database that the shards share", async () => {
    await expect(startGateway({ batchRunner: "shards", shardCommand: "node" })).rejects.toThrow(
      /MOODIFIER_DATABASE_URL/,
    );
  });
});
