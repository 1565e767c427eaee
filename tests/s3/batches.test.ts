import { createHash } from "node:crypto";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import process from "node:process";
import { setTimeout as sleep } from "node:timers/promises";
import { PutObjectCommand } from "@aws-sdk/client-s3";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import type { BatchRowView, BatchView } from "../../services/gateway/src/batches/batch-view.ts";
import { formOf, type GatewayUnderTest, startGateway } from "../../services/gateway/src/testing/gateway-under-test.ts";
import { type Proxy, startProxy, type Trouble } from "./s3-proxy.ts";
import { listFiles, type S3Server, startS3Server } from "./s3-server.ts";

let server: S3Server;
let proxy: Proxy;
let gateway: GatewayUnderTest;

beforeAll(async () => {
  server = await startS3Server();
  for (const bucket of ["objects", "shop", "made"]) await server.createBucket(bucket);
  proxy = await startProxy(server.port);
  // As an operator gives them.
  process.env["AWS_ACCESS_KEY_ID"] = server.credentials.accessKeyId;
  process.env["AWS_SECRET_ACCESS_KEY"] = server.credentials.secretAccessKey;
  gateway = await startGateway({
    storage: "s3://objects/moodifier",
    s3Endpoint: proxy.endpoint,
    s3PathStyle: true,
    s3TimeoutMs: 5000,
    batchBuckets: ["shop", "made"],
  });
});
afterEach(() => proxy.trouble());
afterAll(async () => {
  await gateway.stop();
  await proxy.stop();
  await server.stop();
});

async function put(key: string, body: Uint8Array | string): Promise<void> {
  const client = server.client();
  await client.send(new PutObjectCommand({ Bucket: "shop", Key: key, Body: body }));
  client.destroy();
}

async function post(options: object, manifest?: string): Promise<BatchView> {
  const form = new FormData();
  if (manifest !== undefined) form.append("manifest", new Blob([manifest]), "manifest.csv");
  form.append("options", JSON.stringify(options));
  const answer = await fetch(`${gateway.url}/v1/batches`, { method: "POST", body: form });
  const text = await answer.text();
  expect(answer.status, text).toBe(202);
  return JSON.parse(text) as BatchView;
}

/** The batch as it ended; its event stream ends then. */
async function follow({ urls }: BatchView): Promise<BatchView> {
  await (await fetch(urls.events)).text();
  return (await (await fetch(urls.self)).json()) as BatchView;
}

async function rowsOf({ urls }: BatchView): Promise<BatchRowView[]> {
  return ((await (await fetch(`${urls.rows}?limit=200`)).json()) as { rows: BatchRowView[] }).rows;
}

/** Each file that the rows name is an object with just its bytes; below the prefix is nothing else. */
async function checkFiles(rows: readonly BatchRowView[], prefix: string): Promise<void> {
  const files = rows.flatMap((row) => row.files);
  const folder = join(server.folder, "made", prefix);
  expect(await listFiles(folder)).toEqual(files.map(({ name }) => name).toSorted());
  for (const { name, url, sha256 } of files) {
    expect(url).toBe(`s3://made/${prefix}/${name}`);
    expect(hash(await readFile(join(folder, name)))).toBe(sha256);
  }
}

const hash = (bytes: Buffer): string => createHash("sha256").update(bytes).digest("hex");

describe("a batch from a bucket into a bucket", () => {
  it("edits each picture below a prefix, and writes files and result manifest", async () => {
    for (const name of ["a.png", "deep/b.png"]) await put(`summer/${name}`, gateway.picture);
    await put("summer/broken.png", "no picture");
    await put("summer/notes.txt", "no picture either");
    await put("winter/c.png", gateway.picture);
    const options = {
      source: "s3://shop/summer",
      defaults: { emotion: "joy" },
      output: { to: "s3://made/joy", name: "{sku}.{ext}", renditions: [{ format: "jpeg" }] },
    };
    const batch = await follow(await post(options));
    expect(batch).toMatchObject({ status: "partially_succeeded", total: 3, counts: { succeeded: 2, failed: 1 } });
    const rows = await rowsOf(batch);
    expect(rows.map(({ id, status }) => [id, status])).toEqual([
      ["a.png", "succeeded"],
      ["broken.png", "failed"],
      ["deep/b.png", "succeeded"],
    ]);
    await checkFiles(rows, "joy");
    const csv = await (await fetch(batch.urls.manifest)).text();
    expect(csv).toMatch(/^id,image,sku,status,url,sha256/);
    expect(csv).toContain("deep/b.png,s3://shop/summer/deep/b.png,b,succeeded,s3://made/joy/b.jpg,");

    await put("summer/broken.png", gateway.picture);
    const retry = { method: "POST", body: "{}", headers: { "Content-Type": "application/json" } };
    expect((await fetch(batch.urls.retry, retry)).status).toBe(202);
    const again = await follow(batch);
    expect(again).toMatchObject({ status: "succeeded", counts: { succeeded: 3 } });
    await checkFiles(await rowsOf(again), "joy");
  });

  it("replaces what stands in the place of a file", async () => {
    const options = { output: { to: "s3://made/placed", name: "{id}.{ext}" } };
    const manifest = "id,image,emotion\nx,s3://shop/summer/a.png,joy\n";
    await checkFiles(await rowsOf(await follow(await post(options, manifest))), "placed");
    await writeFile(join(server.folder, "made/placed/x.png"), "something else");
    await checkFiles(await rowsOf(await follow(await post({ ...options, name: "again" }, manifest))), "placed");
  });

  it("leads to results and files in the storage when told", async () => {
    const leading = await startGateway({
      storage: "s3://objects/moodifier",
      s3Endpoint: proxy.endpoint,
      s3PathStyle: true,
      storageLinkSeconds: 60,
    });
    try {
      const form = formOf({ image: leading.picture, emotion: "joy", output_format: "webp" });
      const init = { method: "POST", body: form, headers: { Prefer: "wait=60" } };
      const { urls } = (await (await fetch(`${leading.url}/v1/edits`, init)).json()) as { urls: { result: string } };
      const answer = await fetch(urls.result, { redirect: "manual" });
      expect(answer.status).toBe(307);
      const way = answer.headers.get("location") ?? "";
      expect(way.startsWith(`${proxy.endpoint}/objects/moodifier/`)).toBe(true);
      const followed = await fetch(urls.result);
      expect(followed.url).toContain(way.split("?")[0]);
      expect(followed.headers.get("content-type")).toBe("image/webp");
      expect(Buffer.from(await followed.arrayBuffer()).toString("latin1", 8, 12)).toBe("WEBP");
    } finally {
      await leading.stop();
    }
  });

  const troubles: [string, Partial<Trouble>][] = [
    ["refuses", { refuse: true }],
    ["is slow", { delayMs: 300 }],
    ["breaks off in the middle of an object", { cutUploadAfter: 1500 }],
    ["breaks off in the middle of an answer", { cutDownloadAfter: 300 }],
  ];
  it.each(troubles)("loses and doubles nothing when the server %s for a while", async (_what, trouble) => {
    const count = 12;
    const prefix = `trouble-${troubles.findIndex(([, each]) => each === trouble)}`;
    await put("summer/a.png", gateway.picture);
    const lines = Array.from({ length: count }, (_, index) => `row-${index},s3://shop/summer/a.png,joy,${index}`);
    const output = { to: `s3://made/${prefix}`, name: "{id}.{ext}" };
    const before = gateway.services.record.edits.length;
    const batch = await post({ output }, ["id,image,emotion,seed", ...lines].join("\n"));
    await expect.poll(() => gateway.services.record.edits.length - before, { timeout: 60_000 }).toBeGreaterThan(1);
    proxy.trouble(trouble);
    await sleep(6000);
    expect(proxy.troubled).toBeGreaterThan(0);
    proxy.trouble();
    const ended = await follow(batch);
    const rows = await rowsOf(ended);
    expect(rows.map(({ problem, status }) => problem ?? status)).toEqual(lines.map(() => "succeeded"));
    expect(ended).toMatchObject({ status: "succeeded", sequence: count });
    await checkFiles(rows, prefix);
  });
});
