import { randomUUID } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import type { Database } from "../database/database.ts";
import { openDatabase } from "../database/open-database.ts";
import { RateLimits } from "../http/rate-limits.ts";
import { DatabaseJobStore } from "../jobs/database-job-store.ts";
import { FilesystemStorage } from "../storage/filesystem-storage.ts";
import { drawPicture } from "../testing/gateway-under-test.ts";
import type { RowClaim } from "./batch.ts";
import { readBatchOptions } from "./batch-options.ts";
import { RowEdits } from "./row-edits.ts";

const signal = new AbortController().signal;
let database: Database;
let jobs: DatabaseJobStore;
let edits: RowEdits;
let folder: string;

beforeAll(async () => {
  database = await openDatabase({});
  folder = await mkdtemp(join(tmpdir(), "moodifier-row-edits-"));
  jobs = await DatabaseJobStore.start(database, {
    maxQueued: { interactive: 10, batch: 10 },
    finishWithinMs: { interactive: 60_000, batch: 60_000 },
    retentionMs: 60_000,
    leaseSeconds: 10,
    maxLosses: 1,
    limitsOf: () => ({ weight: 1, concurrency: 10, backlog: 10 }),
  });
  const rates = new RateLimits(database, () => ({ requests: 0, megapixelSteps: 0.03 }));
  edits = new RowEdits({ jobs, storage: await FilesystemStorage.open(folder), rates });
}, 120_000);
afterAll(async () => {
  await jobs.close();
  await database.close();
  await rm(folder, { recursive: true });
});

const claimOf = (batchId: string, generation: number): RowClaim => ({
  row: {
    batchId,
    index: 0,
    status: "running",
    attempt: 1,
    failures: 0,
    plan: {
      index: 0,
      line: 2,
      externalId: "a",
      input: {},
      edit: { emotion: "joy" },
      image: "https://shop.example/a.png",
      names: ["a.png"],
    },
  },
  tenantId: "a",
  options: readBatchOptions({}),
  generation,
  lease: randomUUID(),
});

it("finds the edit of an attempt that died, though the picture has changed since, until somebody asks for a retry", async () => {
  const batchId = randomUUID();
  const first = await edits.submit(claimOf(batchId, 0), { image: await drawPicture(48, 32) }, signal);
  const image = await drawPicture(32, 48);
  expect((await edits.submit(claimOf(batchId, 0), { image }, signal)).id).toBe(first.id);
  const retried = await edits.submit(claimOf(batchId, 1), { image }, signal);
  expect(retried.id).not.toBe(first.id);
  expect(retried).toMatchObject({ lane: "batch", batchId, rowIndex: 0, input: { width: 32, height: 48 } });
});

it("counts the work of each edit once against what its tenant may ask for, and lets the row wait", async () => {
  await database.query("TRUNCATE rate_window");
  const image = await drawPicture(48, 32);
  const batchId = randomUUID();
  // 8 steps of 1,536 pixels each: the third edit is too many for this minute, the repeated one costs nothing.
  for (const generation of [0, 0, 0, 1]) await edits.submit(claimOf(batchId, generation), { image }, signal);
  await expect(edits.submit(claimOf(batchId, 2), { image }, signal)).rejects.toMatchObject({
    reason: "RATE_LIMITED",
    details: { retryAfterSeconds: expect.any(Number) },
  });
  const large = edits.submit(claimOf(batchId, 3), { image: await drawPicture(80, 60) }, signal);
  await expect(large).rejects.toMatchObject({ code: "INVALID_ARGUMENT", reason: "QUOTA_TOO_SMALL" });
});
