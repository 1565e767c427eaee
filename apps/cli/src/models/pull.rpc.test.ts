// The three kinds of source against local servers that speak their protocols, with the tiny family as the thing to pull.
import { createHash } from "node:crypto";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { mkdtemp, readFile, readdir, rm, stat, truncate, writeFile, mkdir, cp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { loadManifest, verifyFiles } from "@moodifier/inference/manifest";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { openHttpSource } from "./http-source.ts";
import { openOciSource } from "./oci-source.ts";
import { pullModel } from "./pull.ts";
import { openS3Source } from "./s3-source.ts";

const TINY = fileURLToPath(new URL("../../../../tests/golden/tiny", import.meta.url));
const { signal } = new AbortController();
let scratch: string;
let server: Server | undefined;

beforeEach(async () => {
  scratch = await mkdtemp(join(tmpdir(), "moodifier-pull-"));
});
afterEach(async () => {
  server?.closeAllConnections();
  server?.close();
  vi.unstubAllEnvs();
  await rm(scratch, { recursive: true });
});

type Handle = (request: IncomingMessage, response: ServerResponse) => Promise<void> | void;

async function serve(handle: Handle): Promise<string> {
  server = createServer((request, response) => {
    Promise.resolve(handle(request, response)).catch(() => response.writeHead(404).end());
  });
  await new Promise<void>((done) => server!.listen(0, "127.0.0.1", done));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** Sends a file, or the part of it that Range asks for; `cutAt`: breaks the connection after so many bytes. */
async function send(request: IncomingMessage, response: ServerResponse, path: string, cutAt = Infinity): Promise<void> {
  const bytes = await readFile(path);
  const from = Number(/^bytes=(\d+)-/.exec(request.headers.range ?? "")?.[1] ?? 0);
  const headers = {
    "content-length": bytes.length - from,
    "content-range": `bytes ${from}-${bytes.length - 1}/${bytes.length}`,
  };
  response.writeHead(from > 0 ? 206 : 200, from > 0 ? headers : { "content-length": bytes.length });
  if (bytes.length - from <= cutAt) return void response.end(bytes.subarray(from));
  response.write(bytes.subarray(from, from + cutAt), () => setTimeout(() => response.destroy(), 5));
}

async function expectWhole(out: string): Promise<void> {
  await verifyFiles(out, await loadManifest(out));
}

test("a plain URL: connections that break are resumed where they broke", async () => {
  const ranges: string[] = [];
  const url = await serve(async (request, response) => {
    const path = new URL(request.url!, "http://x").pathname;
    if (path === "/m/denoiser.onnx") ranges.push(request.headers.range ?? "whole");
    await send(request, response, join(TINY, path.slice(3)), path === "/m/denoiser.onnx" ? 200_000 : Infinity);
  });
  const out = join(scratch, "tiny");
  const report = await pullModel(openHttpSource(`${url}/m/`), out, { signal, pauseMs: 1 });
  await expectWhole(out);
  // What was on its way to the disk when the connection broke may be asked for again; what is there is not.
  expect(ranges.length).toBeGreaterThanOrEqual(3);
  const starts = ranges.slice(1).map((range) => Number(/^bytes=(\d+)-$/.exec(range)?.[1]));
  expect(starts.every((start, at) => start > (starts[at - 1] ?? 0))).toBe(true);
  expect(report.kept).toBe(0);
  expect(await readdir(scratch)).toEqual(["tiny"]);
});

test("an interrupted pull goes on with what it has, and a half of an older file is noticed", async () => {
  const asked: string[] = [];
  const url = await serve(async (request, response) => {
    const path = new URL(request.url!, "http://x").pathname;
    asked.push(`${path} ${request.headers.range ?? ""}`.trim());
    await send(request, response, join(TINY, path));
  });
  const out = join(scratch, "tiny");
  await cp(TINY, `${out}.part`, { recursive: true });
  await truncate(join(`${out}.part`, "text_encoder.onnx"), 1000);
  await writeFile(join(`${out}.part`, "vae_encoder.onnx"), Buffer.alloc(500));
  const report = await pullModel(openHttpSource(url), out, { signal });
  await expectWhole(out);
  expect(asked).toEqual([
    "/manifest.json",
    "/text_encoder.onnx bytes=1000-",
    "/vae_encoder.onnx bytes=500-",
    "/vae_encoder.onnx",
  ]);
  expect(report.kept).toBe(report.files - 2);
});

test("wrong bytes, a wrong manifest and a missing file are refused; nothing gets the family's name", async () => {
  const bad = join(scratch, "bad");
  await cp(TINY, bad, { recursive: true });
  const bytes = await readFile(join(bad, "segmenter.onnx"));
  bytes[100]! ^= 1;
  await writeFile(join(bad, "segmenter.onnx"), bytes);
  const url = await serve((request, response) => send(request, response, join(bad, request.url!)));
  const out = join(scratch, "tiny");
  await expect(pullModel(openHttpSource(url), out, { signal })).rejects.toMatchObject({ reason: "DIGEST_MISMATCH" });
  await expect(pullModel(openHttpSource(url), out, { signal, digest: "0".repeat(64) })).rejects.toThrow(
    /manifest.json: expected sha256 0000/,
  );
  await expect(stat(out)).rejects.toThrow();
  await rm(join(bad, "segmenter.onnx"));
  await expect(pullModel(openHttpSource(url), out, { signal })).rejects.toThrow(
    /segmenter.onnx: expected the file, got HTTP 404/,
  );
});

test("an older family is replaced; a folder of anything else is refused before a byte is asked for", async () => {
  let asked = 0;
  const url = await serve((request, response) => {
    asked++;
    return send(request, response, join(TINY, request.url!));
  });
  const models = join(scratch, "models");
  const out = join(models, "tiny");
  await cp(TINY, out, { recursive: true });
  await writeFile(join(out, "left-over.txt"), "of the older release");
  const page = join(scratch, "page");
  await mkdir(page);
  await writeFile(join(page, "manifest.json"), '{"name":"a web page"}');
  const file = join(scratch, "file");
  await writeFile(file, "text");
  for (const folder of [models, page, file]) {
    const refused = pullModel(openHttpSource(url), folder, { signal });
    await expect(refused).rejects.toMatchObject({ name: "UsageError", message: expect.stringContaining(folder) });
  }
  expect(asked).toBe(0);
  await pullModel(openHttpSource(url), out, { signal });
  await expectWhole(out);
  expect(await readdir(out)).not.toContain("left-over.txt");
  const empty = join(scratch, "empty");
  await mkdir(empty);
  await pullModel(openHttpSource(url), empty, { signal });
  await expectWhole(empty);
});

test("an OCI artifact: layers by title, with a bearer token where the registry wants one", async () => {
  const names = ["manifest.json", ...Object.keys((await loadManifest(TINY)).files)];
  const layers = await Promise.all(
    names.map(async (name) => {
      const bytes = await readFile(join(TINY, name));
      return {
        digest: `sha256:${createHash("sha256").update(bytes).digest("hex")}`,
        size: bytes.length,
        annotations: { "org.opencontainers.image.title": name },
      };
    }),
  );
  let cut = true;
  const url = await serve(async (request, response) => {
    const { pathname, searchParams } = new URL(request.url!, "http://x");
    if (pathname === "/token") {
      expect(request.headers.authorization).toBe(`Basic ${Buffer.from("me:pw").toString("base64")}`);
      expect(searchParams.get("scope")).toBe("repository:team/tiny:pull");
      return void response.end('{"token":"t0k"}');
    }
    if (request.headers.authorization !== "Bearer t0k") {
      const challenge = `Bearer realm="${url}/token",service="reg",scope="repository:team/tiny:pull"`;
      return void response.writeHead(401, { "www-authenticate": challenge }).end();
    }
    if (pathname === "/v2/team/tiny/manifests/v1")
      return void response.end(JSON.stringify({ schemaVersion: 2, layers }));
    const layer = layers.findIndex(({ digest }) => pathname === `/v2/team/tiny/blobs/${digest}`);
    const limit = cut && names[layer] === "denoiser.onnx" ? 100_000 : Infinity;
    if (limit < Infinity) cut = false;
    await send(request, response, join(TINY, names[layer]!), limit);
  });
  const out = join(scratch, "tiny");
  const reference = url.replace("http://", "oci+http://");
  const source = await openOciSource(`${reference}/team/tiny:v1`, { user: "me", password: "pw" }, signal);
  await pullModel(source, out, { signal, pauseMs: 1 });
  await expectWhole(out);
  expect(cut).toBe(false);
});

test("S3: signed ranged reads through the SDK", async () => {
  const seen: string[] = [];
  const url = await serve(async (request, response) => {
    expect(request.headers.authorization).toMatch(/^AWS4-HMAC-SHA256 Credential=AKIA/);
    const { pathname } = new URL(request.url!, "http://x");
    seen.push(`${pathname} ${request.headers.range ?? ""}`.trim());
    await send(request, response, join(TINY, pathname.replace("/bucket/models/tiny/", "")));
  });
  vi.stubEnv("AWS_ENDPOINT_URL_S3", url);
  vi.stubEnv("AWS_ACCESS_KEY_ID", "AKIATEST");
  vi.stubEnv("AWS_SECRET_ACCESS_KEY", "secret");
  vi.stubEnv("AWS_REGION", "us-east-1");
  const out = join(scratch, "tiny");
  await mkdir(`${out}.part`);
  await writeFile(
    join(`${out}.part`, "denoiser.onnx"),
    (await readFile(join(TINY, "denoiser.onnx"))).subarray(0, 4096),
  );
  await pullModel(await openS3Source("s3://bucket/models/tiny"), out, { signal });
  await expectWhole(out);
  expect(seen).toContain("/bucket/models/tiny/denoiser.onnx bytes=4096-");
});
