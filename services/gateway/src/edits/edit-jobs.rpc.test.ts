import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { MoodError } from "@moodifier/service-kit";
import { formOf, type GatewayUnderTest, startGateway } from "../testing/gateway-under-test.ts";
import { jobSchema, type JobView } from "./job-view.ts";

let gateway: GatewayUnderTest;

/** Long enough for a busy machine; what is asked usually comes within milliseconds. */
const soon = { timeout: 30_000 };

beforeEach(async () => {
  gateway = await startGateway();
}, 180_000);
afterEach(() => gateway.stop());

const post = (fields: Record<string, string | Buffer>, headers: Record<string, string> = {}) =>
  fetch(`${gateway.url}/v1/edits`, { method: "POST", body: formOf({ image: gateway.picture, ...fields }), headers });
const read = async (url: string): Promise<JobView> => jobSchema.parse(await (await fetch(url)).json());

describe("Idempotency-Key", () => {
  it("makes one edit of 50 requests at once, and replays it after its end", async () => {
    const headers = { "Idempotency-Key": '"order-7"' };
    const answers = await Promise.all(Array.from({ length: 50 }, () => post({ emotion: "joy" }, headers)));
    const ids = new Set(await Promise.all(answers.map(async (each) => ((await each.json()) as JobView).id)));
    expect(ids.size).toBe(1);
    expect(answers.filter((each) => each.headers.get("idempotency-replayed") === null)).toHaveLength(1);
    const again = await post({ emotion: "joy" }, { ...headers, Prefer: "wait=20" });
    expect(again.status).toBe(200);
    expect(await again.json()).toMatchObject({ id: [...ids][0], status: "succeeded" });
    expect(gateway.services.record.edits).toHaveLength(1);
  }, 180_000);

  it("refuses the key for another request, and a key that is none", async () => {
    const headers = { "Idempotency-Key": "k" };
    await post({ emotion: "joy" }, headers);
    const other = await post({ emotion: "fear" }, headers);
    expect(other.status).toBe(422);
    expect(await other.json()).toMatchObject({ reason: "IDEMPOTENCY_KEY_REUSED", argument: "Idempotency-Key" });
    expect((await post({ emotion: "joy" }, { "Idempotency-Key": "a b" })).status).toBe(400);
  });
});

describe("GET /v1/edits", () => {
  it("lists by cursor and filter, and refuses what it doesn't know", async () => {
    for (const name of ["a", "b", "c"]) await post({ emotion: "joy", external_id: name }, { Prefer: "wait=20" });
    const first = await fetch(`${gateway.url}/v1/edits?limit=2&status=succeeded`);
    const page = (await first.json()) as { edits: JobView[]; next: string; next_cursor: string };
    expect(page.edits.map(({ external_id }) => external_id)).toEqual(["c", "b"]);
    expect(first.headers.get("link")).toBe(`<${page.next}>; rel="next"`);
    const rest = (await (await fetch(page.next)).json()) as { edits: JobView[] };
    expect(rest).toMatchObject({ edits: [{ external_id: "a" }] });
    expect(rest).not.toHaveProperty("next_cursor");
    const named = (await (await fetch(`${gateway.url}/v1/edits?external_id=b`)).json()) as { edits: JobView[] };
    expect(named.edits).toHaveLength(1);
    for (const query of ["page=2", "limit=0", "limit=201", "cursor=x", "status=done"])
      expect((await fetch(`${gateway.url}/v1/edits?${query}`)).status, query).toBe(400);
  });
});

describe("retries", () => {
  it("waits for a full model service instead of failing", async () => {
    gateway.services.script.planError = new MoodError("RESOURCE_EXHAUSTED", "QUEUE_FULL", "full", {
      details: { retryAfterSeconds: 0.1 },
    });
    const job = (await (await post({ emotion: "joy" })).json()) as JobView;
    await expect.poll(() => gateway.services.record.plans.length, soon).toBeGreaterThan(0);
    await expect.poll(async () => (await read(job.urls.self)).status, soon).toBe("queued");
    delete gateway.services.script.planError;
    await expect.poll(async () => (await read(job.urls.self)).status, soon).toBe("succeeded");
    expect((await read(job.urls.self)).attempt).toBeGreaterThan(1);
  });

  it("waits in the lane batch for a model service that is away, and says so in the other lane", async () => {
    await gateway.services.servers.diffusion.stop();
    const waiting: JobView[] = [];
    for (let count = 0; count < 4; count += 1)
      waiting.push((await (await post({ emotion: "joy", lane: "batch" })).json()) as JobView);
    const asked = (await (await post({ emotion: "joy" })).json()) as JobView;
    const patient = { timeout: 120_000 };
    await expect.poll(async () => (await read(asked.urls.self)).status, patient).toBe("failed");
    expect((await read(asked.urls.self)).problem).toMatchObject({ reason: "SERVICE_UNAVAILABLE" });
    await gateway.services.restart("diffusion", 0);
    for (const { urls } of waiting) {
      await expect.poll(async () => (await read(urls.self)).status, patient).toBe("succeeded");
    }
    expect(gateway.services.record.plans.length).toBeLessThan(10);
  }, 600_000);

  it("does not repeat what would end the same way", async () => {
    gateway.services.script.planError = new MoodError("INTERNAL", "BROKEN", "broken");
    const answer = await post({ emotion: "joy" }, { Prefer: "wait=20" });
    expect(answer.status).toBe(500);
    expect(gateway.services.record.plans).toHaveLength(1);
  });
});

describe("deadlines", () => {
  it("expires an edit that does not start in time, and one that does not end in time", async () => {
    await gateway.stop();
    gateway = await startGateway({ concurrency: 1 });
    gateway.services.script.stepMs = 60_000;
    const slow = (await (await post({ emotion: "joy", finish_within: "15" })).json()) as JobView;
    await expect.poll(() => gateway.services.record.edits.length, soon).toBe(1);
    const late = (await (await post({ emotion: "joy", start_within: "0.1" })).json()) as JobView;
    await expect.poll(async () => (await read(slow.urls.self)).status, soon).toBe("expired");
    const reason = async () => (await read(late.urls.self)).problem?.reason;
    await expect.poll(reason, soon).toBe("START_TIMEOUT");
    expect((await read(slow.urls.self)).problem).toMatchObject({ reason: "EDIT_TIMEOUT", status: 504 });
    await expect.poll(() => gateway.services.record.aborted, soon).toBe(1);
  });
});

describe("rate limits", () => {
  it("meters requests and megapixel-steps, and says so", async () => {
    await gateway.stop();
    gateway = await startGateway({ requestsPerMinute: 3, megapixelStepsPerMinute: 0.02 });
    const first = await post({ emotion: "joy" });
    expect(first.headers.get("ratelimit-policy")).toBe('"requests";q=3;w=60, "megapixel-steps";q=0;w=60');
    expect(first.headers.get("ratelimit")).toMatch(/^"requests";r=2;t=\d+, "megapixel-steps";r=0;t=\d+$/);
    const tooMuch = await post({ emotion: "joy" });
    expect(tooMuch.status).toBe(429);
    expect(Number(tooMuch.headers.get("retry-after"))).toBeGreaterThan(0);
    expect(await tooMuch.json()).toMatchObject({ reason: "RATE_LIMITED", details: { policy: "megapixel-steps" } });
    const never = await post({ emotion: "joy", steps: "50" });
    expect([never.status, await never.json()]).toMatchObject([400, { reason: "QUOTA_TOO_SMALL" }]);
  });

  it("charges nothing for what an Idempotency-Key finds, and counts uploads and batches too", async () => {
    await gateway.stop();
    gateway = await startGateway({ requestsPerMinute: 3 });
    const send = (
      path: string,
      key: string,
      body: FormData | Uint8Array<ArrayBuffer>,
      headers: Record<string, string> = {},
    ) => fetch(`${gateway.url}/v1/${path}`, { method: "POST", body, headers: { "Idempotency-Key": key, ...headers } });
    const edit = () => send("edits", "e", formOf({ image: gateway.picture, emotion: "joy" }));
    const png = { "Content-Type": "image/png" };
    const upload = (key: string) => send("uploads", key, new Uint8Array(gateway.picture), png);
    const batch = (key: string) => {
      const form = new FormData();
      form.append("manifest", new Blob(["image,emotion\nupload:none,joy\n"]), "manifest.csv");
      form.append("options", "{}");
      return send("batches", key, form);
    };
    for (let time = 0; time < 3; time += 1) {
      for (const answer of [await edit(), await upload("u"), await batch("b")]) expect(answer.status).toBeLessThan(300);
    }
    for (const answer of [await upload("u-2"), await batch("b-2")]) expect(answer.status).toBe(429);
  });
});

describe("lanes and tenants", () => {
  it("runs batch edits beside interactive ones without taking their slots", async () => {
    await gateway.stop();
    gateway = await startGateway({ concurrency: 2, interactiveSlots: 1 });
    gateway.services.script.stepMs = 1000;
    for (let count = 0; count < 4; count += 1) await post({ emotion: "joy", lane: "batch" });
    await expect.poll(() => gateway.services.record.edits.length, soon).toBe(1);
    await sleep(100);
    expect(gateway.services.record.edits).toHaveLength(1);
    const quick = await post({ emotion: "fear" }, { Prefer: "wait=20" });
    expect(quick.status).toBe(201);
    const waiting = (await (await fetch(`${gateway.url}/v1/edits?status=queued`)).json()) as { edits: JobView[] };
    expect(waiting.edits.length).toBeGreaterThan(0);
  });
});
