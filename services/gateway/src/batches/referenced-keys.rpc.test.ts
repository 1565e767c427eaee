import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { Database } from "../database/database.ts";
import { databaseKinds } from "../database/testing/databases.ts";
import { UploadStore } from "../sources/upload-store.ts";
import { collectGarbage } from "../storage/collect-garbage.ts";
import { FilesystemStorage } from "../storage/filesystem-storage.ts";
import { listKeys } from "../testing/storage-contract.ts";
import { readBatchOptions } from "./batch-options.ts";
import { BatchStore } from "./batch-store.ts";
import { referencedKeys } from "./referenced-keys.ts";
import { RowQueue } from "./row-queue.ts";

describe.each(databaseKinds)("what the database refers to on $name", (kind) => {
  let database: Database;
  let storage: FilesystemStorage;
  let folder: string;
  let batches: BatchStore;
  let uploads: UploadStore;

  beforeAll(async () => {
    await kind.start();
    database = await kind.open();
    batches = new BatchStore(database, 60_000);
    uploads = new UploadStore(database, 60_000);
  }, 120_000);
  afterAll(async () => {
    await database.close();
    await kind.stop();
  });
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "moodifier-garbage-"));
    storage = await FilesystemStorage.open(folder);
  });
  afterEach(async () => {
    await database.query("TRUNCATE batch, batch_row, upload, plan, job CASCADE");
    await rm(folder, { recursive: true });
  });

  const put = async (text: string): Promise<string> => (await storage.put(Buffer.from(text))).key;
  const collect = () =>
    collectGarbage(storage, {
      referenced: (keys) => referencedKeys(database, keys),
      graceMs: 0,
      now: () => Date.now() + 1000,
    });
  const addUpload = async (key: string) => (await uploads.add("a", { key, bytes: 1, mediaType: "image/png" })).upload;

  async function addBatch(image: string) {
    const plan = { index: 0, line: 2, externalId: "1", input: {}, edit: { emotion: "joy" }, image, names: ["1.png"] };
    const survey = { rows: 1, faulty: 0, faults: [], ignoredColumns: [] };
    const given = { tenantId: "a", options: readBatchOptions({}), columns: ["image"], survey, rows: [plan] };
    return (await batches.create(given)).batch;
  }

  async function endRow(key: string): Promise<void> {
    const queue = new RowQueue(database, { leaseMs: 60_000, retentionMs: 60_000 });
    const [claim] = await queue.claim(1);
    const file = { name: "1.png", key, sha256: key, bytes: 1, mediaType: "image/png", width: 1, height: 1 };
    await queue.end(claim!, { status: "succeeded", outcome: { files: [file], seed: "0", warnings: [] } });
  }

  async function addJob(input: object, result: object | null): Promise<void> {
    await database.query(
      `INSERT INTO job (id, tenant_id, lane, status, stage, sequence, finish_by, megapixel_steps, input, record, result)
       VALUES (gen_random_uuid(), 'a', 'batch', 'succeeded', 'finishing', 1, now(), 1, $1::jsonb, '{}', $2::jsonb)`,
      [JSON.stringify(input), result && JSON.stringify(result)],
    );
  }

  it("is kept: uploads, pictures of jobs and plans, files of batches; the rest goes", async () => {
    const [upload, image, mask, result, planned, file] = [
      await put("upload"),
      await put("image"),
      await put("mask"),
      await put("result"),
      await put("planned"),
      await put("file"),
    ];
    const loose = [await put("loose"), await put("looser")];
    await addUpload(upload);
    await addJob({ image: { key: image }, mask: { key: mask } }, { key: result });
    await addJob({ image: { key: image } }, null);
    await database.query(
      "INSERT INTO plan (id, tenant_id, body, image, width, height) VALUES (gen_random_uuid(), 'a', '', $1::jsonb, 1, 1)",
      [JSON.stringify({ key: planned })],
    );
    await addBatch("https://shop.example/a.png");
    await endRow(file);
    const kept = [upload, image, mask, result, planned, file];
    expect(await referencedKeys(database, [...kept, ...loose])).toEqual(new Set(kept));
    expect(await referencedKeys(database, [])).toEqual(new Set());
    expect(await collect()).toMatchObject({ seen: 8, deleted: 2 });
    expect((await listKeys(storage)).toSorted()).toEqual(kept.toSorted());
  });

  it("goes when its upload, job and batch are forgotten", async () => {
    await addUpload(await put("upload"));
    await addJob({ image: { key: await put("image") } }, { key: await put("result") });
    await addBatch("https://shop.example/a.png");
    await endRow(await put("file"));
    expect(await collect()).toMatchObject({ seen: 4, deleted: 0 });
    await database.query("UPDATE upload SET expires_at = now() - interval '1 s'; DELETE FROM job");
    await database.query("UPDATE batch SET expires_at = now() - interval '1 s'");
    await batches.sweep();
    expect(await collect()).toMatchObject({ seen: 4, deleted: 4 });
  });

  it("keeps an upload past its time while a row is yet to read it", async () => {
    const [needed, other] = [await addUpload(await put("needed")), await addUpload(await put("other"))];
    await addBatch(`upload:${needed.id}`);
    await database.query("UPDATE upload SET expires_at = now() - interval '1 s'");
    await batches.sweep();
    expect(await uploads.require("a", needed.id)).toMatchObject({ key: needed.key });
    await expect(uploads.require("a", other.id)).rejects.toMatchObject({ reason: "UPLOAD_NOT_FOUND" });
    expect(await collect()).toMatchObject({ seen: 2, deleted: 1 });
    await endRow(await put("file"));
    await batches.sweep();
    await expect(uploads.require("a", needed.id)).rejects.toMatchObject({ reason: "UPLOAD_NOT_FOUND" });
  });
});
