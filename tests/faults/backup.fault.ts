import { execFileSync } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { type PostgresServer, startPostgres } from "../../services/gateway/src/database/testing/postgres-server.ts";
import { drawPicture, formOf } from "../../services/gateway/src/testing/gateway-under-test.ts";
import { type ScriptedServices, startScriptedServices } from "../../services/gateway/src/testing/scripted-services.ts";
import { insist } from "./batch-under-test.ts";
import { ServiceProcess } from "./service-process.ts";

interface Edit {
  readonly status: string;
  readonly urls: { readonly self: string; readonly result: string };
}

let services: ScriptedServices;
let postgres: PostgresServer;
let gateway: ServiceProcess;
let folder: string;
let picture: Buffer;

beforeEach(async () => {
  picture = await drawPicture(48, 32);
  services = await startScriptedServices(picture);
  postgres = await startPostgres();
  folder = await mkdtemp(join(tmpdir(), "moodifier-backup-"));
});
afterEach(async () => {
  await gateway.kill();
  await postgres.stop();
  await services.stop();
  await rm(folder, { recursive: true, force: true });
});

async function submit(seed: number): Promise<Edit> {
  const body = formOf({ image: picture, emotion: "joy", seed: String(seed) });
  return (await (await insist(`${gateway.url}/v1/edits`, { method: "POST", body })).json()) as Edit;
}

/** At the gateway of now: links name the one that made them. */
const urlOf = (link: string) => gateway.url + new URL(link).pathname;
const statusOf = async ({ urls }: Edit) => ((await (await insist(urlOf(urls.self))).json()) as Edit).status;
const untilMade = (edit: Edit) => expect.poll(() => statusOf(edit), { timeout: 120_000 }).toBe("succeeded");
const resultOf = async ({ urls }: Edit) => Buffer.from(await (await insist(urlOf(urls.result))).arrayBuffer());

it("a restored backup has what was made, ends what was open, and knows nothing of what came later", async () => {
  const databaseUrl = await postgres.createDatabase();
  const file = join(folder, "moodifier.dump");
  const settings = { ...services.addresses, dataDir: join(folder, "data"), concurrency: 1, leaseSeconds: 10 };
  gateway = await ServiceProcess.start("gateway", { ...settings, databaseUrl });
  const made = await submit(1);
  await untilMade(made);
  const before = await resultOf(made);
  Object.assign(services.script, { steps: 5, stepMs: 1000 });
  const open = await submit(2);
  await expect.poll(() => statusOf(open), { timeout: 60_000, interval: 50 }).toBe("editing");

  // As docs/operations.md says.
  execFileSync("pg_dump", ["--format=custom", `--file=${file}`, databaseUrl]);
  expect(await statusOf(open)).toBe("editing");
  await untilMade(open);
  Object.assign(services.script, { stepMs: 0 });
  const later = await submit(3);
  await untilMade(later);
  await gateway.kill();
  const restored = await postgres.createDatabase();
  execFileSync("pg_restore", ["--single-transaction", `--dbname=${restored}`, file]);
  gateway = await ServiceProcess.start("gateway", { ...settings, databaseUrl: restored });

  expect((await resultOf(made)).equals(before)).toBe(true);
  expect((await fetch(urlOf(later.urls.self))).status).toBe(404);
  expect(await statusOf(open)).not.toBe("succeeded");
  await untilMade(open);
  expect((await resultOf(open)).length).toBeGreaterThan(0);
});
