import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { BatchView } from "../../services/gateway/src/batches/batch-view.ts";
import { type PostgresServer, startPostgres } from "../../services/gateway/src/database/testing/postgres-server.ts";
import { drawFace } from "../e2e/fixtures.ts";
import { checkBatch, submitBatch, untilEnded } from "./batch-under-test.ts";
import { ServiceProcess, type Settings } from "./service-process.ts";

/** MOODIFIER_KILLS makes a shorter, or a longer, run. */
const kills = Number(process.env["MOODIFIER_KILLS"] ?? 10);
/** Enough that the batch outlasts the kills: while a gateway starts again the workers go on. */
const count = 80 * kills;
const modelNames = ["mllm", "clip", "diffusion"] as const;

let models: Record<(typeof modelNames)[number], ServiceProcess>;
let picture: Buffer;
let folder: string;
let running: ServiceProcess[];

beforeAll(async () => {
  picture = await drawFace(64, 64);
  const started = await Promise.all(modelNames.map(async (name) => [name, await ServiceProcess.start(name)]));
  models = Object.fromEntries(started) as typeof models;
});
afterAll(() => Promise.all(Object.values(models).map((each) => each.kill())));

beforeEach(async () => {
  running = [];
  folder = await mkdtemp(join(tmpdir(), "moodifier-faults-"));
});
afterEach(async () => {
  await Promise.all(running.map((each) => each.kill()));
  await Promise.all(Object.values(models).map((each) => each.restart()));
  await rm(folder, { recursive: true, force: true });
});

/** Starts a gateway with the settings that operators get; the lease is short, so that the test is, and no edit is forgotten before it is looked at. */
async function start(settings: Settings): Promise<ServiceProcess> {
  const addresses = Object.fromEntries(modelNames.map((name) => [`${name}Address`, models[name].address]));
  const gateway = await ServiceProcess.start("gateway", {
    ...addresses,
    leaseSeconds: 10,
    retentionMs: 86_400_000,
    outputDir: join(folder, "output"),
    ...settings,
  });
  running.push(gateway);
  return gateway;
}

const submit = (gateway: ServiceProcess): Promise<BatchView> =>
  submitBatch(gateway.url, picture, count, { to: "folder:batch", name: "{id}.{ext}" });

/** Kills one of the victims at random moments of the batch and starts it again after up to `awayMs`. */
async function killInTheMiddle(batch: BatchView, victims: readonly ServiceProcess[], awayMs: number): Promise<void> {
  for (let kill = 0; kill < kills; kill += 1) {
    const now = await untilEnded(batch, Math.floor(((kill + Math.random()) * count) / (kills + 1)));
    await sleep(Math.random() * 200);
    expect(now.status).toBe("running");
    const victim = victims[Math.floor(Math.random() * victims.length)] as ServiceProcess;
    await victim.kill();
    await sleep(Math.random() * awayMs);
    await victim.restart();
  }
}

describe(`a batch of ${count} rows on real models`, () => {
  it(`is whole after ${kills} kills of the embedded gateway`, async () => {
    const gateway = await start({ dataDir: folder });
    const batch = await submit(gateway);
    await killInTheMiddle(batch, [gateway], 0);
    await checkBatch(await untilEnded(batch, count), count, join(folder, "output", "batch"));
  });

  it(`is whole after ${kills} kills of model services that stay away for a while`, async () => {
    const batch = await submit(await start({ dataDir: folder }));
    await killInTheMiddle(batch, Object.values(models), 10_000);
    await checkBatch(await untilEnded(batch, count), count, join(folder, "output", "batch"));
  });
});

describe(`a batch of ${count} rows on PostgreSQL`, () => {
  let server: PostgresServer;

  beforeEach(async () => {
    server = await startPostgres();
  });
  afterEach(() => server.stop());

  it(`is whole after ${kills} kills of gateways, workers and model services`, async () => {
    const settings = { databaseUrl: await server.createDatabase(), storage: folder };
    const roles = ["api", "worker", "worker"];
    const gateways = await Promise.all(roles.map((role) => start({ ...settings, role })));
    const batch = await submit(gateways[0]!);
    await killInTheMiddle(batch, [...gateways, ...Object.values(models)], 3000);
    await checkBatch(await untilEnded(batch, count), count, join(folder, "output", "batch"));
  });
});
