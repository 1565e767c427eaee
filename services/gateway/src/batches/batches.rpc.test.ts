import { mkdtemp, readdir, readFile } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { problemSchema } from "../http/problem.ts";
import { uploadSchema } from "../sources/uploads.controller.ts";
import { type GatewayUnderTest, startGateway } from "../testing/gateway-under-test.ts";
import { batchRowListSchema, batchSchema, type BatchView } from "./batch-view.ts";

let gateway: GatewayUnderTest;
let shop: Server;
let shopUrl: string;
let outputDir: string;
/** What the shop answers at a path instead of the picture. */
const answers = new Map<string, number>();
const asked: string[] = [];

beforeAll(async () => {
  outputDir = await mkdtemp(join(tmpdir(), "moodifier-output-"));
  // A shop on this machine, so its network has to be opened.
  gateway = await startGateway({ outputDir, sourceNetworks: ["127.0.0.0/8"], priceMegapixelStep: 0.5 });
  shop = createServer((request, response) => {
    asked.push(request.url ?? "");
    const status = answers.get(request.url ?? "") ?? 200;
    response.writeHead(status).end(status === 200 ? gateway.picture : "no");
  });
  await new Promise<void>((resolve) => shop.listen(0, "127.0.0.1", resolve));
  shopUrl = `http://127.0.0.1:${(shop.address() as AddressInfo).port}`;
}, 300_000);

afterAll(async () => {
  await gateway.stop();
  shop.close();
});

afterEach(() => {
  answers.clear();
  asked.length = 0;
  gateway.services.script.stepMs = 1;
});

function post(
  manifest: string | undefined,
  options: object = {},
  headers: Record<string, string> = {},
): Promise<Response> {
  const form = new FormData();
  if (manifest !== undefined) form.append("manifest", new Blob([manifest]), "manifest.csv");
  form.append("options", JSON.stringify(options));
  return fetch(`${gateway.url}/v1/batches`, { method: "POST", body: form, headers });
}

async function run(manifest: string, options: object = {}): Promise<BatchView> {
  const response = await post(manifest, options, { Prefer: "wait=60" });
  const text = await response.text();
  expect(response.status, text).toBe(201);
  return batchSchema.parse(JSON.parse(text));
}

const rowsOf = async (batch: BatchView) =>
  batchRowListSchema.parse(await (await fetch(`${batch.urls.rows}?limit=200`)).json()).rows;

async function problemOf(response: Response) {
  const problem = problemSchema.parse(await response.json());
  expect(problem.status).toBe(response.status);
  return problem;
}

async function upload(): Promise<z.infer<typeof uploadSchema>> {
  const response = await fetch(`${gateway.url}/v1/uploads`, {
    method: "POST",
    body: new Uint8Array(gateway.picture),
    headers: { "Content-Type": "image/png" },
  });
  expect(response.status).toBe(201);
  return uploadSchema.parse(await response.json());
}

describe("POST /v1/batches", () => {
  it("edits pictures from URLs and uploads, row by row, and tells what became of each", async () => {
    const { reference } = await upload();
    answers.set("/gone.png", 404);
    const batch = await run(
      [
        "Item;Picture;emotion;seed;note;scores",
        `A1;${shopUrl}/a.png;joy;7;"first; row";true`,
        `A2;${reference};Fear;8;=1+1;`,
        `A3;${shopUrl}/gone.png;joy;9;;`,
        `A4;${shopUrl}/a.png;no such mood;9;;`,
      ].join("\n"),
      { columns: { image: "Picture", sku: "Item" }, output: { name: "{sku}_{emotion}.{ext}" } },
    );
    expect(batch).toMatchObject({
      status: "partially_succeeded",
      total: 4,
      counts: { succeeded: 2, failed: 2 },
      survey: { rows: 4, faulty: 1, faults: [{ line: 5, reason: "EMOTION_UNKNOWN" }], ignored_columns: ["note"] },
    });
    const rows = await rowsOf(batch);
    expect(rows.map(({ problem, files: [file] }) => problem?.reason ?? file?.name)).toEqual([
      "A1_joy.png",
      "A2_fear.png",
      "SOURCE_MISSING",
      "EMOTION_UNKNOWN",
    ]);
    const [{ files, seed, outside_mask: outside } = {} as never] = rows;
    expect({ seed, outside }).toMatchObject({ seed: "7", outside: { changed_px: expect.any(Number) } });
    const content = Buffer.from(await (await fetch(files[0]!.url)).arrayBuffer());
    expect(content.length).toBe(files[0]!.bytes);

    const csv = await (await fetch(batch.urls.manifest)).text();
    const [header, first, second, third] = csv.split("\n");
    expect(header).toMatch(
      /^Item,Picture,emotion,input_seed,note,scores,status,url,sha256,seed,emotion_before,emotion_after,outside_mask/,
    );
    expect(first).toContain(",first; row,true,succeeded,");
    expect(second).toContain("'=1+1");
    expect(third).toContain("SOURCE_MISSING");
    const jsonl = await (await fetch(`${batch.urls.manifest}?format=jsonl`)).text();
    const records = jsonl
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as Record<string, string>);
    expect(records[0]).toMatchObject({ Item: "A1", status: "succeeded", sha256: files[0]!.sha256, url: files[0]!.url });
    expect(records[0]).toMatchObject({ emotion_before: "0.75", emotion_after: "0.75" });
    expect(records[1]).toMatchObject({ emotion_before: "", emotion_after: "" });
    expect(records[2]).toMatchObject({ Item: "A3", status: "failed", error: "SOURCE_MISSING", url: "" });
  });

  it("writes several renditions into a folder", async () => {
    const renditions = [
      { format: "jpeg", width: 24, label: "small", icc: "srgb" },
      { format: "webp", quality: 80 },
    ];
    const batch = await run(`sku,position,image,emotion\nB1,2,${shopUrl}/a.png,joy\n`, {
      output: { to: "folder:summer/sale", name: "folder_per_sku", renditions },
    });
    const [row] = await rowsOf(batch);
    expect(row?.files.map(({ name, width }) => [name, width])).toEqual([
      ["B1/B1_2_joy.jpg", 24],
      ["B1/B1_2_joy.webp", 48],
    ]);
    const folder = join(outputDir, "summer/sale/B1");
    expect((await readdir(folder)).toSorted()).toEqual(["B1_2_joy.jpg", "B1_2_joy.webp"]);
    expect((await readFile(join(folder, "B1_2_joy.jpg"))).subarray(0, 3).toString("hex")).toBe("ffd8ff");
    const elsewhere = await fetch(`${batch.urls.rows}/0/files/0`);
    expect(await problemOf(elsewhere)).toMatchObject({ status: 409, reason: "FILE_ELSEWHERE" });
  });

  it("tries the first good row, alone, and estimates the rest", async () => {
    const lines = ["image,emotion", `${shopUrl}/x.png,nonsense`];
    for (let row = 0; row < 50; row += 1) lines.push(`${shopUrl}/${row}.png,joy`);
    const batch = await run(lines.join("\n"), { dry_run: true });
    expect(batch).toMatchObject({ status: "succeeded", dry_run: true, total: 1, survey: { rows: 51, faulty: 1 } });
    expect(asked).toEqual(["/0.png"]);
    // 64 x 64 pixels and 4 steps a row, says the scripted editor.
    const work = (64 * 64 * 4 * 50) / 1e6;
    expect(batch.estimate).toMatchObject({ rows: 50, megapixel_steps: Math.round(work * 1000) / 1000 });
    expect(batch.estimate?.seconds).toBeGreaterThan(0);
    expect(batch.estimate?.cost).toEqual({ amount: expect.closeTo(work * 0.5, 2), currency: "USD" });
  });

  it("refuses, before anything runs, what would write one file twice", async () => {
    const manifest = `sku,image,emotion\nA,${shopUrl}/a.png,joy\na,${shopUrl}/b.png,joy\n`;
    const problem = await problemOf(await post(manifest, { output: { name: "{sku}.{ext}" } }));
    expect(problem).toMatchObject({ status: 400, reason: "NAME_COLLISION", errors: [{ pointer: "/manifest/3" }] });
    expect(asked).toEqual([]);
  });

  it.each([
    [{ output: { to: "folder:../../etc" } }, 400, "FOLDER_FORBIDDEN"],
    [{ output: { to: "/etc" } }, 400, "OUTPUT_INVALID"],
    [{ output: { to: "s3://somebody-elses" } }, 400, "BUCKET_FORBIDDEN"],
    [{ colour: "red" }, 400, "OPTION_INVALID"],
    [{ plan_id: "none" }, 404, "PLAN_NOT_FOUND"],
    [{ source: "s3://somebody-elses/x" }, 400, "FIELD_MISSING"],
  ])("refuses the options %j", async (options, status, reason) => {
    const problem = await problemOf(await post(`image,emotion\n${shopUrl}/a.png,joy\n`, options));
    expect(problem).toMatchObject({ status, reason });
  });

  it("refuses a source that isn't open, and no manifest at all", async () => {
    expect(await problemOf(await post(undefined, { source: "s3://somebody-elses/x" }))).toMatchObject({
      reason: "BUCKET_FORBIDDEN",
    });
    expect(await problemOf(await post(undefined))).toMatchObject({ reason: "FIELD_MISSING", argument: "manifest" });
  });

  it("keeps rows from reading the private network", async () => {
    const hidden = [
      "http://10.0.0.1/a.png",
      "http://169.254.169.254/latest",
      "s3://somebody-elses/a.png",
      "upload:nope",
    ];
    const batch = await run(`image,emotion\n${hidden.map((url) => `${url},joy`).join("\n")}\n`);
    expect(batch.status).toBe("failed");
    expect((await rowsOf(batch)).map(({ problem }) => problem?.reason)).toEqual([
      "URL_FORBIDDEN",
      "URL_FORBIDDEN",
      "BUCKET_FORBIDDEN",
      "UPLOAD_NOT_FOUND",
    ]);
  });

  it("makes one batch of equal requests with one key", async () => {
    const manifest = `image,emotion\n${shopUrl}/a.png,joy\n`;
    const key = { "Idempotency-Key": "catalogue-7" };
    const made = await Promise.all(Array.from({ length: 10 }, () => post(manifest, {}, key)));
    const ids = await Promise.all(made.map(async (response) => ((await response.json()) as BatchView).id));
    expect(new Set(ids).size).toBe(1);
    expect(made.filter(({ headers }) => headers.get("idempotency-replayed") === "true")).toHaveLength(9);
    for (const [other, options] of [
      [manifest, { priority: 1 }],
      [`${manifest}${shopUrl}/b.png,joy\n`, {}],
    ] as const) {
      const problem = await problemOf(await post(other, options, key));
      expect(problem).toMatchObject({ reason: "IDEMPOTENCY_KEY_REUSED" });
    }
  });
});

describe("a running batch", () => {
  const many = (count: number): string =>
    `image,emotion\n${Array.from({ length: count }, (_, row) => `${shopUrl}/${row}.png,joy`).join("\n")}\n`;

  it("is cancelled with its edits, resumed, and followed by events", async () => {
    // Edits of earlier tests would count as this batch's.
    const statuses = async () =>
      ((await (await fetch(`${gateway.url}/v1/batches`)).json()) as { batches: BatchView[] }).batches.map(
        ({ status }) => status,
      );
    await expect.poll(statuses, { timeout: 30_000 }).not.toContain("running");
    gateway.services.script.stepMs = 200;
    gateway.services.script.steps = 200;
    const { length: before } = gateway.services.record.edits;
    const begun = batchSchema.parse(await (await post(many(12))).json());
    await expect.poll(() => gateway.services.record.edits.length, { timeout: 30_000 }).toBeGreaterThan(before);
    const cancelled = batchSchema.parse(await (await fetch(begun.urls.cancel, { method: "POST" })).json());
    expect(cancelled.status).toBe("cancelled");
    await expect.poll(() => gateway.services.record.aborted, { timeout: 30_000 }).toBeGreaterThan(0);
    expect((await fetch(begun.urls.cancel, { method: "POST" })).status).toBe(200);
    gateway.services.script.stepMs = 1;
    gateway.services.script.steps = 4;
    const body = JSON.stringify({ statuses: ["cancelled"] });
    const retry = { method: "POST", body, headers: { "Content-Type": "application/json" } };
    expect((await fetch(begun.urls.retry, retry)).status).toBe(202);
    const events = await (await fetch(begun.urls.events)).text();
    const ids = [...events.matchAll(/^id: (\d+)\nevent: row$/gm)].map(([, id]) => Number(id));
    expect(ids).toHaveLength(12);
    expect(ids).toEqual(ids.toSorted((a, b) => a - b));
    const ended = batchSchema.parse(await (await fetch(begun.urls.self)).json());
    expect(ended).toMatchObject({ status: "succeeded", counts: { succeeded: 12 } });
    const rest = await (await fetch(begun.urls.events, { headers: { "Last-Event-ID": String(ids.at(-2)) } })).text();
    expect([...rest.matchAll(/^event: row$/gm)]).toHaveLength(1);
    expect((await fetch(begun.urls.events, { headers: { "Last-Event-ID": String(ids.at(-1)) } })).status).toBe(204);
  });

  it("retries rows whose source was away, and failed rows when asked", async () => {
    answers.set("/1.png", 503);
    const pending = post(many(3), {}, { Prefer: "wait=60" });
    await expect.poll(() => asked.filter((url) => url === "/1.png").length, { timeout: 30_000 }).toBeGreaterThan(1);
    answers.set("/1.png", 403);
    const batch = batchSchema.parse(await (await pending).json());
    expect(batch.counts).toMatchObject({ succeeded: 2, failed: 1 });
    answers.clear();
    await fetch(batch.urls.retry, { method: "POST", body: "{}", headers: { "Content-Type": "application/json" } });
    await (await fetch(batch.urls.events)).text();
    expect(batchSchema.parse(await (await fetch(batch.urls.self)).json())).toMatchObject({
      status: "succeeded",
      counts: { succeeded: 3 },
    });
  });

  it("is listed, and unknown ones are not found", async () => {
    const list = (await (await fetch(`${gateway.url}/v1/batches?limit=1`)).json()) as { next_cursor?: string };
    expect(list).toMatchObject({ batches: [{ id: expect.any(String) }], next_cursor: expect.any(String) });
    for (const path of ["", "/rows", "/events", "/manifest", "/rows/0/files/0"]) {
      const problem = await problemOf(await fetch(`${gateway.url}/v1/batches/none${path}`));
      expect(problem).toMatchObject({ status: 404, reason: "BATCH_NOT_FOUND" });
    }
  });
});

describe("/v1/uploads", () => {
  it("keeps a picture and refuses what is none", async () => {
    const made = await upload();
    const read = await fetch(`${gateway.url}/v1/uploads/${made.id}`);
    expect(uploadSchema.parse(await read.json())).toEqual(made);
    const send = (body: string | Uint8Array<ArrayBuffer>, type: string): Promise<Response> =>
      fetch(`${gateway.url}/v1/uploads`, { method: "POST", body, headers: { "Content-Type": type } });
    expect(await problemOf(await send("text", "text/plain"))).toMatchObject({ status: 415 });
    expect(await problemOf(await send("", "image/png"))).toMatchObject({ reason: "BODY_MALFORMED" });
    const large = await send(new Uint8Array(32 * 1024 * 1024 + 1), "image/png");
    expect(await problemOf(large)).toMatchObject({ status: 400, reason: "OBJECT_TOO_LARGE" });
    expect((await fetch(`${gateway.url}/v1/uploads/none`)).status).toBe(404);
  });

  it("keeps a picture once for one Idempotency-Key", async () => {
    const send = (body: Uint8Array<ArrayBuffer>) =>
      fetch(`${gateway.url}/v1/uploads`, {
        method: "POST",
        body,
        headers: { "Content-Type": "image/png", "Idempotency-Key": "file-1" },
      });
    const first = new Uint8Array([1, 2]);
    const sent = await Promise.all(Array.from({ length: 20 }, () => send(first)));
    expect(sent.map(({ status }) => status).toSorted()).toEqual([...Array(19).fill(200), 201]);
    const ids = await Promise.all(sent.map(async (each) => uploadSchema.parse(await each.json()).id));
    expect(new Set(ids).size).toBe(1);
    const other = await send(new Uint8Array([3]));
    expect(await problemOf(other)).toMatchObject({ status: 422, reason: "IDEMPOTENCY_KEY_REUSED" });
  });
});
