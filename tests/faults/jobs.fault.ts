import { createHash } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type PostgresServer, startPostgres } from "../../services/gateway/src/database/testing/postgres-server.ts";
import { drawPicture, formOf } from "../../services/gateway/src/testing/gateway-under-test.ts";
import { type ScriptedServices, startScriptedServices } from "../../services/gateway/src/testing/scripted-services.ts";
import { insist } from "./batch-under-test.ts";
import { ServiceProcess, type Settings } from "./service-process.ts";

interface Edit {
  readonly id: string;
  readonly status: string;
  readonly sequence: number;
  readonly attempt: number;
  readonly problem?: object;
  readonly urls: { readonly self: string; readonly result: string; readonly events: string };
}

/** MOODIFIER_KILLS makes a shorter, or a longer, run. */
const kills = Number(process.env["MOODIFIER_KILLS"] ?? 10);
let services: ScriptedServices;
let picture: Buffer;
let running: ServiceProcess[];
let folder: string;

beforeEach(async () => {
  picture = await drawPicture(48, 32);
  services = await startScriptedServices(picture);
  Object.assign(services.script, { steps: 5, stepMs: 40 });
  running = [];
  folder = await mkdtemp(join(tmpdir(), "moodifier-faults-"));
});
afterEach(async () => {
  for (const each of running) await each.kill();
  await services.stop();
  await rm(folder, { recursive: true, force: true });
});

async function start(settings: Settings): Promise<ServiceProcess> {
  const gateway = await ServiceProcess.start("gateway", {
    ...services.addresses,
    maxQueue: 1000,
    maxLosses: 20,
    maxAttempts: 20,
    retryMs: 200,
    leaseSeconds: 10,
    concurrency: 4,
    // No edit may run out of time while a slow machine starts gateways, nor be forgotten before it is looked at.
    editTimeoutMs: 7_200_000,
    retentionMs: 86_400_000,
    ...settings,
  });
  running.push(gateway);
  return gateway;
}

/** Submits one under a key of its own: what a dying gateway refused is sent again. */
async function submit(url: string, index: number): Promise<Edit> {
  const body = formOf({ image: picture, emotion: "joy", seed: String(index) });
  const headers = { "Idempotency-Key": `row-${index}` };
  return (await (await insist(`${url}/v1/edits`, { method: "POST", body, headers })).json()) as Edit;
}

async function readAll(url: string): Promise<Edit[]> {
  const edits: Edit[] = [];
  let next: string | undefined = `${url}/v1/edits?limit=200`;
  while (next !== undefined) {
    const page = (await (await insist(next)).json()) as { edits: Edit[]; next?: string };
    edits.push(...page.edits);
    next = page.next;
  }
  return edits;
}

async function untilAllEnd(url: string, count: number): Promise<Edit[]> {
  const ended = new Set(["succeeded", "failed", "cancelled", "expired"]);
  for (let tries = 0; tries < 12_000; tries += 1) {
    const edits = await readAll(url);
    if (edits.length >= count && edits.every(({ status }) => ended.has(status))) return edits;
    await sleep(250);
  }
  throw new Error("some edits never ended");
}

/** Nothing lost: each edit is there once and succeeded with its picture. Nothing doubled: its history has one end and no gap. */
async function checkAll(edits: readonly Edit[], count: number): Promise<void> {
  expect(edits.filter(({ status }) => status !== "succeeded")).toEqual([]);
  expect(new Set(edits.map(({ id }) => id)).size).toBe(count);
  expect(edits).toHaveLength(count);
  for (const { urls, sequence } of edits) {
    const result = Buffer.from(await (await fetch(urls.result)).arrayBuffer());
    expect(createHash("sha256").update(result).digest("hex")).toMatch(/^[0-9a-f]{64}$/);
    expect(result.length).toBeGreaterThan(0);
    const text = await (await fetch(urls.events)).text();
    const ids = [...text.matchAll(/^id: (\d+)$/gm)].map(([, id]) => Number(id));
    expect(ids).toEqual(Array.from({ length: sequence }, (_, index) => index + 1));
    expect([...text.matchAll(/"status":"succeeded"/g)]).toHaveLength(1);
  }
}

describe("the embedded gateway", () => {
  it(`loses and doubles nothing when it is killed ${kills} times in the middle of ${20 * kills} edits`, async () => {
    const count = 20 * kills;
    const gateway = await start({ dataDir: folder });
    const submitting = Promise.all(Array.from({ length: count }, (_, index) => submit(gateway.url, index)));
    for (let kill = 0; kill < kills; kill += 1) {
      // In the middle of edits that this life of the gateway has begun.
      const begun = services.record.edits.length;
      for (let tries = 0; services.record.edits.length === begun && tries < 600; tries += 1) await sleep(100);
      await sleep(Math.random() * 200);
      await gateway.kill();
      await gateway.restart();
    }
    await submitting;
    const edits = await untilAllEnd(gateway.url, count);
    await checkAll(edits, count);
    expect(edits.some(({ attempt }) => attempt > 1)).toBe(true);
  });

  it("goes on with the edits when a model service dies and comes back", async () => {
    const gateway = await start({ dataDir: folder });
    const edits = await Promise.all(Array.from({ length: 20 }, (_, index) => submit(gateway.url, index)));
    await sleep(300);
    await services.restart("diffusion", 1500);
    await checkAll(await untilAllEnd(gateway.url, edits.length), edits.length);
  });
});

describe("gateways and workers on PostgreSQL", () => {
  let server: PostgresServer;
  let settings: Settings;

  beforeEach(async () => {
    server = await startPostgres();
    settings = { databaseUrl: await server.createDatabase(), storage: folder };
  });
  afterEach(() => server.stop());

  it("lose and double nothing when workers are killed in the middle of 60 edits", async () => {
    const count = 60;
    const api = await start({ ...settings, role: "api" });
    const workers = [await start({ ...settings, role: "worker" }), await start({ ...settings, role: "worker" })];
    await Promise.all(Array.from({ length: count }, (_, index) => submit(api.url, index)));
    for (let kill = 0; kill < 4; kill += 1) {
      await sleep(200 + Math.random() * 500);
      await workers[kill % 2]?.kill();
      await workers[kill % 2]?.restart();
    }
    await checkAll(await untilAllEnd(api.url, count), count);
  });

  it.each(["fast", "immediate"] as const)("go on when PostgreSQL restarts (%s)", async (mode) => {
    const count = 40;
    const gateway = await start(settings);
    const submitting = Promise.all(Array.from({ length: count }, (_, index) => submit(gateway.url, index)));
    await sleep(600);
    await server.restart(mode);
    await submitting;
    await sleep(500);
    await server.restart(mode);
    await checkAll(await untilAllEnd(gateway.url, count), count);
    expect(await gateway.isAlive()).toBe(true);
  });
});
