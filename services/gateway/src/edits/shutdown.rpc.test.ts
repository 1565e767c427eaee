import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { type PostgresServer, startPostgres } from "../database/testing/postgres-server.ts";
import { formOf, type GatewayUnderTest, startGateway } from "../testing/gateway-under-test.ts";

let postgres: PostgresServer;
let folder: string;
let api: GatewayUnderTest;
let worker: GatewayUnderTest;

beforeAll(async () => {
  postgres = await startPostgres();
  folder = await mkdtemp(join(tmpdir(), "moodifier-shutdown-"));
  const shared = { databaseUrl: await postgres.createDatabase(), storage: folder, drainMs: 60_000 };
  api = await startGateway({ ...shared, role: "api" });
  worker = await startGateway({ ...shared, role: "worker" });
}, 300_000);
afterAll(async () => {
  await worker?.stop();
  await postgres?.stop();
  await rm(folder, { recursive: true, force: true });
});

it("a gateway that stops keeps clients waiting for edits that another makes, and cuts event streams", async () => {
  worker.services.script.stepMs = 300;
  const body = formOf({ image: api.picture, emotion: "joy" });
  const begun = await fetch(`${api.url}/v1/edits`, { method: "POST", body });
  const { id } = (await begun.json()) as { id: string };
  const stream = await fetch(`${api.url}/v1/edits/${id}/events`);
  const ended = stream.text().catch(() => "cut");
  const waiting = fetch(`${api.url}/v1/edits`, {
    method: "POST",
    body: formOf({ image: api.picture, emotion: "sadness" }),
    headers: { Prefer: "wait=60" },
  });
  await expect.poll(() => worker.services.record.edits.length, { timeout: 60_000 }).toBeGreaterThan(0);
  const stopped = api.stop();
  const answer = await waiting;
  expect(answer.status).toBe(201);
  expect(await answer.json()).toMatchObject({ status: "succeeded" });
  await stopped;
  await ended;
}, 120_000);
