import { randomUUID } from "node:crypto";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { createLogger, MoodError } from "@moodifier/service-kit";
import { Webhook } from "standardwebhooks";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { readBatchOptions } from "../batches/batch-options.ts";
import { BatchStore } from "../batches/batch-store.ts";
import { RowQueue } from "../batches/row-queue.ts";
import type { Database } from "../database/database.ts";
import { databaseKinds } from "../database/testing/databases.ts";
import { toProblem } from "../http/problem.ts";
import { delayAfter, RETRY_DELAYS_MS } from "./retry-schedule.ts";
import { type Outcome, WebhookSender } from "./webhook-sender.ts";
import { WebhookStore } from "./webhook-store.ts";

interface Received {
  readonly headers: Record<string, string>;
  readonly body: string;
}

const logger = createLogger({ service: "test", level: "silent" });
const policy = { allowNetworks: ["127.0.0.0/8"] };

let receiver: Server;
let url: string;
let received: Received[];
let answer: (response: ServerResponse, request: IncomingMessage) => void;

beforeAll(async () => {
  receiver = createServer((request, response) => {
    let body = "";
    request.on("data", (chunk: Buffer) => (body += chunk.toString()));
    request.on("end", () => {
      received.push({ headers: request.headers as Record<string, string>, body });
      answer(response, request);
    });
  });
  await new Promise<void>((resolve) => receiver.listen(0, "127.0.0.1", resolve));
  url = `http://127.0.0.1:${(receiver.address() as AddressInfo).port}/hook`;
});
afterAll(() => {
  receiver.closeAllConnections();
  receiver.close();
});

describe.each(databaseKinds)("webhooks on $name", (kind) => {
  let database: Database;
  let store: WebhookStore;
  let senders: WebhookSender[];
  let outcomes: Outcome[];

  beforeAll(async () => {
    await kind.start();
    database = await kind.open();
  });
  afterAll(async () => {
    await database.close();
    await kind.stop();
  });
  beforeEach(async () => {
    await database.query("DELETE FROM webhook_endpoint; DELETE FROM job; DELETE FROM batch");
    store = new WebhookStore(database);
    received = [];
    senders = [];
    outcomes = [];
    answer = (response) => void response.end("ok");
  });
  afterEach(() => Promise.all(senders.map((sender) => sender.stop())));

  const startSender = async (delaysMs: readonly number[] = [50, 50, 50]) => {
    const sender = new WebhookSender(database, {
      delaysMs,
      policy,
      logger,
      pollMs: 25,
      onResult: (one) => outcomes.push(one),
    });
    senders.push(sender);
    await sender.start();
    return sender;
  };
  const addEndpoint = (tenant = "acme", events: never[] | ["edit.failed"] = []) =>
    store.create(tenant, { url, description: "", events });

  /** A job that ends as `status`, as the job store writes it. */
  const endJob = async (tenant = "acme", status = "succeeded") => {
    const id = randomUUID();
    await database.transaction(async (tx) => {
      await tx.query(
        `INSERT INTO job (id, tenant_id, lane, status, stage, sequence, finish_by, megapixel_steps, input, record, external_id)
         VALUES ($1, $2, 'batch', $3, 'finishing', 1, now(), 1, '{}', '{}', 'sku-1')`,
        [id, tenant, status],
      );
      await tx.query(
        "INSERT INTO job_event (job_id, tenant_id, sequence, status, stage, progress) VALUES ($1, $2, 1, $3, 'finishing', '{}')",
        [id, tenant, status],
      );
    });
    return id;
  };
  const settled = async () =>
    (await database.query("SELECT id FROM webhook_delivery WHERE status = 'pending'")).length === 0;

  it("sends what the official library verifies, and nothing that was changed", async () => {
    const { secret } = await addEndpoint();
    await startSender();
    const id = await endJob();
    await expect.poll(() => received.length, { timeout: 20_000 }).toBe(1);
    const [{ headers, body }] = received as [Received];
    const payload = new Webhook(secret).verify(body, headers) as { type: string; data: object };
    expect(payload).toMatchObject({
      type: "edit.succeeded",
      data: { id, status: "succeeded", external_id: "sku-1", path: `/v1/edits/${id}` },
    });
    expect(() => new Webhook(secret).verify(body.replace("succeeded", "failed"), headers)).toThrow();
    const { secret: other } = await addEndpoint("other");
    expect(() => new Webhook(other).verify(body, headers)).toThrow();
  });

  it("tells once of each end of a batch, in the transaction that ends it", async () => {
    const { secret } = await addEndpoint();
    const batches = new BatchStore(database, 60_000);
    const queue = new RowQueue(database, { leaseMs: 60_000, retentionMs: 60_000 });
    const rows = [0, 1].map((index) => ({
      index,
      line: index + 2,
      externalId: String(index),
      input: {},
      edit: { emotion: "joy" },
      image: "https://shop.example/a.png",
      names: [`${index}.png`],
    }));
    const survey = { rows: 2, faulty: 0, faults: [], ignoredColumns: [] };
    const given = { tenantId: "acme", options: readBatchOptions({}), columns: ["image"], survey, rows };
    const { batch } = await batches.create(given);
    await startSender();
    const endNext = async (): Promise<void> => {
      const [claim] = await queue.claim(1);
      const problem = toProblem(new MoodError("NOT_FOUND", "SOURCE_MISSING", "gone"));
      await queue.end(claim!, { status: "failed", problem });
    };
    await endNext();
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect(received).toEqual([]);
    await endNext();
    await expect.poll(() => received.length, { timeout: 20_000 }).toBe(1);
    await batches.retry("acme", batch.id, ["failed"]);
    await batches.cancel("acme", batch.id);
    await batches.cancel("acme", batch.id);
    await expect.poll(settled, { timeout: 20_000 }).toBe(true);
    const told = received.map(({ headers, body }) => new Webhook(secret).verify(body, headers));
    const data = { id: batch.id, total: 2, path: `/v1/batches/${batch.id}` };
    expect(told).toMatchObject([
      { type: "batch.finished", data: { ...data, status: "failed" } },
      { type: "batch.finished", data: { ...data, status: "cancelled" } },
    ]);
    expect(new Set(received.map(({ headers }) => headers["webhook-id"])).size).toBe(2);
  });

  it("tells nothing of working stages, of other tenants, of unwanted types, or of what was rolled back", async () => {
    await addEndpoint("acme", ["edit.failed"]);
    await startSender();
    await endJob("acme", "succeeded");
    await endJob("acme", "editing");
    await endJob("other", "failed");
    const failing = database.transaction(async (tx) => {
      await tx.query("SELECT queue_webhooks('acme', 'edit.failed', '{}')");
      throw new Error("rolled back");
    });
    await expect(failing).rejects.toThrow("rolled back");
    const id = await endJob("acme", "failed");
    await expect.poll(() => received.length, { timeout: 20_000 }).toBe(1);
    await expect.poll(settled, { timeout: 20_000 }).toBe(true);
    expect(received.map(({ body }) => JSON.parse(body).data.id)).toEqual([id]);
  });

  it("loses nothing while the receiver is away for the whole run, and doubles nothing that it has taken", async () => {
    const { secret } = await addEndpoint();
    answer = (response) => void response.writeHead(503).end();
    await startSender(Array.from({ length: 100 }, () => 40));
    const ids = await Promise.all(Array.from({ length: 25 }, () => endJob()));
    await expect
      .poll(() => outcomes.filter((one) => one === "retried").length, { timeout: 20_000 })
      .toBeGreaterThan(25);
    await senders[0]?.stop();
    received = [];
    answer = (response) => void response.end();
    // Two processes go on where the first ended.
    await startSender(Array.from({ length: 100 }, () => 40));
    await startSender(Array.from({ length: 100 }, () => 40));
    await expect.poll(settled, { timeout: 30_000 }).toBe(true);
    const delivered = received.map(
      ({ headers, body }) => (new Webhook(secret).verify(body, headers) as { data: { id: string } }).data.id,
    );
    expect(delivered.toSorted()).toEqual(ids.toSorted());
  });

  it("sends the same message again, signed anew, until its attempts are used up; replay revives it", async () => {
    const { endpoint, secret } = await addEndpoint();
    answer = (response) => void response.writeHead(500).end();
    await startSender([30, 30]);
    await endJob();
    await expect.poll(() => outcomes, { timeout: 20_000 }).toEqual(["retried", "retried", "failed"]);
    expect(new Set(received.map(({ headers }) => headers["webhook-id"])).size).toBe(1);
    expect(new Set(received.map(({ body }) => body)).size).toBe(1);
    const [failed] = await store.deliveries("acme", endpoint.id, { limit: 10, status: "failed" });
    expect(failed?.attempts.map(({ status, reason }) => [status, reason])).toEqual(
      Array.from({ length: 3 }, () => [500, "STATUS_NOT_2XX"]),
    );
    expect(await store.replay("other", endpoint.id, Number(failed?.id))).toBe(false);
    answer = (response) => void response.end();
    expect(await store.replay("acme", endpoint.id, Number(failed?.id))).toBe(true);
    await expect.poll(() => outcomes.at(-1), { timeout: 20_000 }).toBe("succeeded");
    const last = received.at(-1) as Received;
    expect(last.headers["webhook-id"]).toBe(failed?.messageId);
    new Webhook(secret).verify(last.body, last.headers);
    await expect
      .poll(async () => (await store.deliveries("acme", endpoint.id, { limit: 1 }))[0]?.attempts.length)
      .toBe(4);
  });

  it("recovers all failed deliveries at once", async () => {
    const { endpoint } = await addEndpoint();
    answer = (response) => void response.writeHead(500).end();
    await startSender([]);
    await Promise.all([endJob(), endJob(), endJob()]);
    await expect.poll(() => outcomes.length, { timeout: 20_000 }).toBe(3);
    answer = (response) => void response.end();
    received = [];
    expect(await store.recover("acme", endpoint.id)).toBe(3);
    await expect.poll(settled, { timeout: 20_000 }).toBe(true);
    expect(received).toHaveLength(3);
  });

  it("recovers what waits for its next attempt, and leaves alone what is on its way", async () => {
    const { endpoint } = await addEndpoint();
    answer = (response) => void response.writeHead(500).end();
    await startSender([3_600_000]);
    await endJob();
    await expect.poll(() => outcomes.length, { timeout: 20_000 }).toBe(1);
    const held = Promise.withResolvers<ServerResponse>();
    answer = held.resolve;
    await endJob();
    const slow = await held.promise;
    answer = (response) => void response.end();
    received = [];
    expect(await store.recover("acme", endpoint.id)).toBe(1);
    await expect.poll(() => received.length, { timeout: 20_000 }).toBe(1);
    slow.end();
    await expect.poll(settled, { timeout: 20_000 }).toBe(true);
    expect(received).toHaveLength(1);
  });

  it("disables an endpoint that is gone, keeps what happens meanwhile, and sends it once enabled", async () => {
    const { endpoint } = await addEndpoint();
    answer = (response) => void response.writeHead(410).end();
    await startSender();
    await endJob();
    await expect.poll(() => outcomes, { timeout: 20_000 }).toEqual(["disabled"]);
    expect(await store.get("acme", endpoint.id)).toMatchObject({ disabledReason: expect.stringContaining("410") });
    await endJob();
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect(received).toHaveLength(1);
    answer = (response) => void response.end();
    await store.enable("acme", endpoint.id);
    await expect.poll(settled, { timeout: 20_000 }).toBe(true);
    expect(received).toHaveLength(3);
  });

  it("lets a receiver that hangs keep nobody else waiting", async () => {
    const hanging = await addEndpoint("slow");
    const held: ServerResponse[] = [];
    answer = (response) => void held.push(response);
    await startSender();
    for (let count = 0; count < 40; count += 1) await endJob("slow");
    await expect.poll(() => held.length, { timeout: 20_000 }).toBe(2);
    answer = (response) => void response.end();
    await addEndpoint("quick");
    await Promise.all(Array.from({ length: 5 }, () => endJob("quick")));
    await expect.poll(() => outcomes.length, { timeout: 20_000 }).toBe(5);
    expect(held).toHaveLength(2);
    for (const response of held) response.end();
    await expect.poll(settled, { timeout: 60_000 }).toBe(true);
    expect(await store.deliveries("slow", hanging.endpoint.id, { limit: 50, status: "succeeded" })).toHaveLength(40);
  });

  it("forgets what ended long ago, and what waits for an endpoint that was disabled long ago", async () => {
    const [kept, disabled] = [await addEndpoint(), await addEndpoint("gone")];
    await startSender();
    for (const tenant of ["acme", "acme", "gone"]) await endJob(tenant);
    await expect.poll(settled, { timeout: 20_000 }).toBe(true);
    await database.query(
      "UPDATE webhook_endpoint SET disabled_at = now() - interval '31 days' WHERE tenant_id = 'gone'",
    );
    for (const _ of [1, 2]) await endJob("gone");
    const [old] = await store.deliveries("acme", kept.endpoint.id, { limit: 1 });
    const [late] = await store.deliveries("gone", disabled.endpoint.id, { limit: 1 });
    await database.query("UPDATE webhook_delivery SET finished_at = now() - interval '31 days' WHERE id = $1", [
      old!.id,
    ]);
    await database.query("UPDATE webhook_delivery SET created_at = now() - interval '31 days' WHERE id = $1", [
      late!.id,
    ]);
    expect(await store.sweep()).toBe(2);
    expect(await store.deliveries("acme", kept.endpoint.id, { limit: 9 })).toHaveLength(1);
    expect(await store.deliveries("gone", disabled.endpoint.id, { limit: 9 })).toHaveLength(2);
  });

  it("lists endpoints by pages that outlast what they ended with", async () => {
    const ids: string[] = [];
    for (let count = 0; count < 3; count += 1) ids.unshift((await addEndpoint()).endpoint.id);
    const first = await store.list("acme", { limit: 2 });
    expect(first.items.map(({ id }) => id)).toEqual(ids.slice(0, 2));
    await store.remove("acme", ids[1]!);
    const rest = await store.list("acme", { limit: 2, cursor: first.next ?? "" });
    expect(rest.items.map(({ id }) => id)).toEqual([ids[2]]);
    await expect(store.list("acme", { limit: 2, cursor: ids[0]! })).rejects.toMatchObject({ reason: "CURSOR_INVALID" });
  });

  it("follows no redirect and reaches no private address", async () => {
    const { endpoint } = await addEndpoint();
    answer = (response) => void response.writeHead(302, { location: url }).end();
    const metadata = await store.create("acme", {
      url: "http://169.254.169.254/latest/meta-data",
      description: "",
      events: [],
    });
    await startSender([]);
    await endJob();
    await expect.poll(() => outcomes, { timeout: 20_000 }).toEqual(["failed", "failed"]);
    expect(received).toHaveLength(1);
    const reasonOf = async (id: string) => (await store.deliveries("acme", id, { limit: 1 }))[0]?.attempts[0]?.reason;
    expect(await reasonOf(endpoint.id)).toBe("REDIRECT_REFUSED");
    expect(await reasonOf(metadata.endpoint.id)).toBe("URL_FORBIDDEN");
  });

  it("signs with the old and the new secret after a rotation", async () => {
    const { endpoint, secret } = await addEndpoint();
    const rotated = await store.rotateSecret("acme", endpoint.id);
    await startSender();
    await store.ping("acme", endpoint.id);
    await expect.poll(() => received.length, { timeout: 20_000 }).toBe(1);
    const [{ headers, body }] = received as [Received];
    expect(rotated?.secret).not.toBe(secret);
    for (const one of [secret, rotated?.secret ?? ""])
      expect(new Webhook(one).verify(body, headers)).toMatchObject({ type: "ping" });
  });
});

describe("the retry schedule", () => {
  it("spans three days, lengthened at random, and heeds Retry-After", () => {
    const all = RETRY_DELAYS_MS.map((_, i) => delayAfter(i + 1, RETRY_DELAYS_MS, { random: 0 }));
    expect(all).toEqual(RETRY_DELAYS_MS);
    expect(RETRY_DELAYS_MS.reduce((sum, ms) => sum + ms, 0)).toBeGreaterThan(3 * 86_400_000);
    expect(delayAfter(1, RETRY_DELAYS_MS, { random: 1 })).toBe(6250);
    expect(delayAfter(RETRY_DELAYS_MS.length + 1, RETRY_DELAYS_MS)).toBeUndefined();
    expect(delayAfter(1, RETRY_DELAYS_MS, { random: 0, retryAfter: "60" })).toBe(60_000);
    expect(delayAfter(2, RETRY_DELAYS_MS, { random: 0, retryAfter: "60" })).toBe(300_000);
    expect(delayAfter(1, RETRY_DELAYS_MS, { random: 0, retryAfter: "Thu, 01 Jan 1970 00:02:00 GMT", now: 0 })).toBe(
      120_000,
    );
    expect(delayAfter(1, RETRY_DELAYS_MS, { random: 0, retryAfter: "999999999" })).toBe(86_400_000);
  });
});
