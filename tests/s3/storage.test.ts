import { randomBytes } from "node:crypto";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { ListMultipartUploadsCommand } from "@aws-sdk/client-s3";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { keyOf, readAll, S3Storage } from "../../services/gateway/src/storage/index.ts";
import { describeStorage, listKeys, streamOf } from "../../services/gateway/src/testing/storage-contract.ts";
import { type Proxy, startProxy } from "./s3-proxy.ts";
import { listFiles, type S3Server, startS3Server } from "./s3-server.ts";

describeStorage("a bucket", async () => {
  const server = await startS3Server();
  await server.createBucket("pictures");
  const client = server.client();
  return {
    storage: new S3Storage({ client, bucket: "pictures", prefix: "objects/", renewAfterMs: 500 }),
    damage: (key, bytes) => writeFile(join(server.folder, "pictures/objects", key.slice(0, 2), key.slice(2)), bytes),
    countUnfinished: async () => {
      const { Uploads = [] } = await client.send(new ListMultipartUploadsCommand({ Bucket: "pictures" }));
      return Uploads.length;
    },
    stop: async () => {
      client.destroy();
      await server.stop();
    },
  };
});

describe("a bucket in trouble", () => {
  let server: S3Server;
  let proxy: Proxy;
  let storage: S3Storage;
  let good: S3Storage;

  beforeAll(async () => {
    server = await startS3Server();
    await server.createBucket("pictures");
    proxy = await startProxy(server.port);
    storage = new S3Storage({
      client: server.client({ endpoint: proxy.endpoint, timeoutMs: 10_000 }),
      bucket: "pictures",
    });
    good = new S3Storage({ client: server.client(), bucket: "pictures" });
  });
  afterEach(() => proxy.trouble());
  afterAll(async () => {
    await proxy.stop();
    await storage.close();
    await good.close();
    await server.stop();
  });

  const unfinished = async (): Promise<number> => {
    const { Uploads = [] } = await server.client().send(new ListMultipartUploadsCommand({ Bucket: "pictures" }));
    return Uploads.length;
  };

  it("says that it is unavailable while the server refuses, and works again after", async () => {
    proxy.trouble({ refuse: true });
    const bytes = randomBytes(1000);
    await expect(storage.put(bytes)).rejects.toMatchObject({ code: "UNAVAILABLE", reason: "STORAGE_UNAVAILABLE" });
    await expect(storage.check()).rejects.toMatchObject({ reason: "STORAGE_UNAVAILABLE" });
    expect(await good.head(keyOf(bytes))).toBeUndefined();
    proxy.trouble();
    await storage.check();
    expect((await storage.put(bytes)).bytes).toBe(1000);
  });

  it("gives a silent server up after its time", async () => {
    proxy.trouble({ delayMs: 60_000 });
    const start = performance.now();
    await expect(storage.put(randomBytes(1000))).rejects.toMatchObject({ reason: "STORAGE_UNAVAILABLE" });
    expect(performance.now() - start).toBeLessThan(60_000);
  });

  it("keeps no half object when the connection breaks in the middle, whole or in parts", async () => {
    for (const size of [3_000_000, 20_000_000]) {
      const bytes = randomBytes(size);
      proxy.trouble({ cutUploadAfter: size < 8_000_000 ? size / 2 : 4_000_000 });
      await expect(storage.put(streamOf([bytes]))).rejects.toMatchObject({ reason: "STORAGE_UNAVAILABLE" });
      expect(proxy.troubled).toBeGreaterThan(1);
      proxy.trouble();
      expect(await good.head(keyOf(bytes))).toBeUndefined();
      expect((await storage.put(bytes)).key).toBe(keyOf(bytes));
      expect(keyOf(await readAll(await good.get(keyOf(bytes))))).toBe(keyOf(bytes));
    }
    expect(await unfinished()).toBeLessThanOrEqual(1);
  });

  it("overcomes one broken connection by itself", async () => {
    const bytes = randomBytes(1_000_000);
    proxy.trouble({ cutUploadAfter: 500_000, connections: 1 });
    expect((await storage.put(bytes)).key).toBe(keyOf(bytes));
    expect(proxy.troubled).toBe(1);
    expect(await good.head(keyOf(bytes))).toMatchObject({ bytes: 1_000_000 });
  });

  it("never passes half an object off as a whole one", async () => {
    const { key } = await good.put(randomBytes(3_000_000));
    proxy.trouble({ cutDownloadAfter: 1_000_000 });
    await expect(storage.get(key).then(readAll)).rejects.toMatchObject({ reason: "STORAGE_UNAVAILABLE" });
  });

  it("tells a missing bucket and denied access from trouble that may pass", async () => {
    const missing = new S3Storage({ client: server.client(), bucket: "nothing-here" });
    await expect(missing.put(randomBytes(10))).rejects.toMatchObject({ reason: "BUCKET_NOT_FOUND" });
    const wrong = server.client();
    wrong.config.credentials = async () => ({ accessKeyId: "test", secretAccessKey: "wrong" });
    const denied = new S3Storage({ client: wrong, bucket: "pictures" });
    await expect(denied.put(randomBytes(10))).rejects.toMatchObject({ reason: "BUCKET_ACCESS_DENIED" });
  });

  it("hands out addresses that anybody can read for a while, with type and name", async () => {
    const bytes = randomBytes(1000);
    const { key } = await good.put(bytes, { mediaType: "image/png" });
    const url = await good.presign(key, { ttlSeconds: 2, mediaType: "image/webp", fileName: "Vase ü.webp" });
    const response = await fetch(url);
    expect(response.status).toBe(200);
    expect(Buffer.from(await response.arrayBuffer()).equals(bytes)).toBe(true);
    expect(response.headers.get("content-type")).toBe("image/webp");
    expect(response.headers.get("content-disposition")).toContain("Vase%20%C3%BC.webp");
    await new Promise((resolve) => setTimeout(resolve, 3100));
    expect((await fetch(url)).status).toBe(403);
    expect((await fetch(url.split("?")[0]!)).status).toBe(403);
  });

  it("holds nothing but whole objects after all that", async () => {
    for (const key of await listKeys(good)) expect(keyOf(await readAll(await good.get(key)))).toBe(key);
    expect((await listFiles(join(server.folder, "pictures"))).length).toBe((await listKeys(good)).length);
  });
});
