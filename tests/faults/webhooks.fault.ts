import { createServer, type Server } from "node:http";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { Webhook } from "standardwebhooks";
import { afterEach, expect, it } from "vitest";
import { insist, readRows, submitBatch, untilEnded } from "./batch-under-test.ts";
import { freePort } from "../../services/gateway/src/database/testing/postgres-server.ts";
import { GatewayFixture } from "./gateway-fixture.ts";

const count = 200;
const fixture = GatewayFixture.prepare(48, 32);
let receiver: Server | undefined;

afterEach(() => {
  receiver?.closeAllConnections();
  receiver?.close();
});

const json = { "Content-Type": "application/json" };

it(`a receiver that is down for a whole batch of ${count} rows gets each message once it is back, and none twice`, async () => {
  const url = await fixture.start({ webhookNetworks: "127.0.0.0/8", outputDir: join(fixture.folder, "output") });
  const port = await freePort();
  const body = JSON.stringify({ url: `http://127.0.0.1:${port}/hook` });
  const made = await insist(`${url}/v1/webhooks`, { method: "POST", headers: json, body });
  const { endpoint, secret } = (await made.json()) as { endpoint: { id: string }; secret: string };
  fixture.services.script.stepMs = 5;
  const batch = await submitBatch(url, fixture.picture, count, { to: "folder:made", name: "{id}.{ext}" });
  await untilEnded(batch, count);
  const rows = await readRows(batch);

  const received: { id: string; type: string; subject: string | undefined }[] = [];
  const official = new Webhook(secret);
  receiver = createServer((request, response) => {
    let text = "";
    request.on("data", (chunk: Buffer) => (text += chunk.toString()));
    request.on("end", () => {
      const headers = request.headers as Record<string, string>;
      const { type, data } = official.verify(text, headers) as { type: string; data: { id?: string } };
      received.push({ id: headers["webhook-id"] ?? "", type, subject: data.id });
      response.end("ok");
    });
  });
  await new Promise<void>((resolve) => receiver?.listen(port, "127.0.0.1", resolve));
  // The next attempt is minutes away by now; an operator need not wait for it.
  await insist(`${url}/v1/webhooks/${endpoint.id}:recover`, { method: "POST" });
  await expect.poll(() => received.length, { timeout: 60_000 }).toBe(count + 1);
  await sleep(2000);
  expect(received).toHaveLength(count + 1);
  expect(new Set(received.map((each) => each.id)).size).toBe(count + 1);
  const edits = received.filter(({ type }) => type === "edit.succeeded").map(({ subject }) => subject);
  expect(edits.toSorted()).toEqual(rows.map(({ edit_url: edit = "" }) => edit.split("/").at(-1)).toSorted());
  expect(received.filter(({ type }) => type !== "edit.succeeded")).toMatchObject([
    { type: "batch.finished", subject: batch.id },
  ]);
});
