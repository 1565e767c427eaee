import { decodeImage } from "@moodifier/inference";
import { once } from "node:events";
import { get, type IncomingMessage } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { common } from "@moodifier/proto";
import { MoodError } from "@moodifier/service-kit";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { drawMask, drawPicture, formOf, type GatewayUnderTest, startGateway } from "../testing/gateway-under-test.ts";
import { jobSchema } from "./job-view.ts";

let gateway: GatewayUnderTest;

beforeEach(async () => {
  gateway = await startGateway();
}, 180_000);

afterEach(() => gateway.stop());

const post = (fields: Record<string, string | Buffer>, headers: Record<string, string> = {}) =>
  fetch(`${gateway.url}/v1/edits`, { method: "POST", body: formOf({ image: gateway.picture, ...fields }), headers });

const postJson = (body: unknown, headers: Record<string, string> = {}) =>
  fetch(`${gateway.url}/v1/edits`, {
    method: "POST",
    body: JSON.stringify(body),
    headers: { "Content-Type": "application/json", ...headers },
  });

async function until(condition: () => boolean, ms = 20_000): Promise<void> {
  const end = Date.now() + ms;
  while (!condition()) {
    if (Date.now() > end) throw new Error("the condition did not come true");
    await sleep(5);
  }
}

async function readEvents(url: string, headers: Record<string, string> = {}) {
  const response = await fetch(url, { headers });
  const text = await response.text();
  return text
    .split("\n\n")
    .filter((block) => block.includes("data: "))
    .map((block) => ({
      event: /^event: (.*)$/m.exec(block)?.[1],
      id: /^id: (.*)$/m.exec(block)?.[1],
      data: JSON.parse(/^data: (.*)$/m.exec(block)?.[1] ?? "{}") as Record<string, unknown>,
    }));
}

describe("POST /v1/edits", () => {
  it("waits for the finished edit and tells everything about it", async () => {
    const response = await post({ emotion: "joy", seed: "18446744073709551615", steps: "4" }, { Prefer: "wait=20" });
    expect(response.status).toBe(201);
    expect(response.headers.get("preference-applied")).toBe("wait=20");
    const job = jobSchema.parse(await response.json());
    expect(response.headers.get("location")).toBe(`/v1/edits/${job.id}`);
    expect(job).toMatchObject({
      status: "succeeded",
      stage: "finishing",
      progress: { step: 4, steps: 4, percentage: 100 },
      settings: { emotion: "joy", intensity: 0.8, seed: "18446744073709551615", steps: 4 },
      plan: {
        category: "face",
        kind: "shape",
        mask_source: "whole",
        regions: [{ label: "mouth", box: [0.25, 0.5, 0.75, 0.75] }],
      },
      outside_mask: { max_abs_diff: 0, changed_px: 0, total_px: 10 },
      recipe: { seed: "18446744073709551615", cross_replace: 0.6 },
      warnings: [{ code: "OUT_OF_DOMAIN" }],
      urls: { self: `${gateway.url}/v1/edits/${job.id}`, cancel: `${gateway.url}/v1/edits/${job.id}:cancel` },
    });
    for (const stage of ["queued", "planning", "encoding", "editing", "finishing", "total"] as const) {
      expect(job.timings[`${stage}_ms`]).toBeGreaterThanOrEqual(0);
    }
    const result = await fetch(job.urls.result);
    expect(result.headers.get("content-type")).toBe("image/png");
    // Not fetch, which asks for a fresh answer whenever it sees this header.
    const asked = get(job.urls.result, { headers: { "If-None-Match": result.headers.get("etag") ?? "" } });
    const [again] = (await once(asked, "response")) as [IncomingMessage];
    expect(again.resume().statusCode).toBe(304);
    const finished = Buffer.from(await result.arrayBuffer());
    expect((await decodeImage(finished)).data).toEqual((await decodeImage(gateway.picture)).data);
    expect(finished.includes("digitalsourcetype/trainedAlgorithmicMedia")).toBe(true);
    expect(finished.includes(`"seed":"${job.recipe?.seed}"`)).toBe(true);
    const { texts, edits } = gateway.services.record;
    expect(texts[0]).toMatchObject({ texts: ["", "A face.", "A joyful face."], output: "TEXT_OUTPUT_TOKENS" });
    expect(edits[0]?.text?.target?.pieces).toEqual(["", "A joyful face."]);
    expect(edits[0]?.sampling).toMatchObject({ seed: 2n ** 64n - 1n, steps: 4 });
  });

  it("scores the emotion before and after when asked, and refuses to for neutral", async () => {
    const image = await drawPicture(30, 20);
    const body = formOf({ image, emotion: "Joy", scores: "true" });
    const response = await fetch(`${gateway.url}/v1/edits`, { method: "POST", body, headers: { Prefer: "wait=20" } });
    const job = jobSchema.parse(await response.json());
    expect(job.scores).toEqual({ emotion_before: 0.25, emotion_after: 0.75 });
    expect(job.settings.scores).toBe(true);
    const refused = await post({ emotion: "neutral", scores: "true" });
    expect(await refused.json()).toMatchObject({
      status: 400,
      reason: "FIELD_CONFLICT",
      detail: expect.stringMatching(/^scores: /),
    });
  });

  it("takes JSON with base64 and gives the caller's mask to the editor", async () => {
    const mask = await drawMask(48, 32, (x) => x < 12);
    const response = await postJson(
      {
        image: { data: gateway.picture.toString("base64"), media_type: "image/png" },
        mask: { data: mask.toString("base64") },
        emotion: "sadness",
        intensity: 0.25,
        region: "mouth",
      },
      { Prefer: "wait=20" },
    );
    expect(response.status).toBe(201);
    expect(await response.json()).toMatchObject({
      mask_coverage: 0.25,
      plan: { mask_source: "user" },
      settings: { intensity: 0.25, region: "mouth" },
    });
    const { plans, edits } = gateway.services.record;
    expect(plans[0]).toMatchObject({ emotion: "sadness", intensity: 0.25, region: "mouth", category: undefined });
    expect(edits[0]?.plan?.maskSource).toBe(common.MaskSource.USER);
    expect(edits[0]?.plan?.maskPng.subarray(1, 4).toString()).toBe("PNG");
  });

  it("answers 202 at once without a preference, and after the wait with one", async () => {
    gateway.services.script.stepMs = 5000;
    const started = await post({ emotion: "joy" });
    expect(started.status).toBe(202);
    const job = jobSchema.parse(await started.json());
    const early = await fetch(job.urls.result);
    expect(early.status).toBe(409);
    expect(await early.json()).toMatchObject({ reason: "RESULT_NOT_READY" });
    const waited = await post({ emotion: "joy" }, { Prefer: "wait=1, respond-async" });
    expect(waited.status).toBe(202);
    expect(waited.headers.get("preference-applied")).toBe("wait=1, respond-async");
    expect(["queued", "planning", "encoding", "editing"]).toContain(jobSchema.parse(await waited.json()).status);
  });

  it("cancels the edit of a client that leaves while it waits, and only that one", async () => {
    gateway.services.script.stepMs = 200;
    gateway.services.script.steps = 100;
    const other = jobSchema.parse(await (await post({ emotion: "joy" })).json());
    const leaving = new AbortController();
    const waiting = fetch(`${gateway.url}/v1/edits`, {
      method: "POST",
      body: formOf({ image: gateway.picture, emotion: "fear" }),
      headers: { Prefer: "wait=30" },
      signal: leaving.signal,
    });
    const { record } = gateway.services;
    await until(() => record.edits.length === 2 && record.stepsRun > 2);
    leaving.abort();
    await expect(waiting).rejects.toThrow();
    await until(() => record.aborted === 1);
    expect(await (await fetch(other.urls.self)).json()).toMatchObject({ status: "editing" });
  });

  it("tells who waits for an edit that somebody else cancels", async () => {
    gateway.services.script.stepMs = 60_000;
    const waiting = post({ emotion: "joy" }, { Prefer: "wait=60" });
    await until(() => gateway.services.record.edits.length === 1);
    const { edits } = (await (await fetch(`${gateway.url}/v1/edits`)).json()) as {
      edits: { urls: { cancel: string } }[];
    };
    await fetch(edits[0]!.urls.cancel, { method: "POST" });
    const answer = await waiting;
    expect([answer.status, await answer.json()]).toMatchObject([200, { status: "cancelled" }]);
  });

  it("says which service is down", async () => {
    await gateway.services.servers.clip.stop();
    const response = await post({ emotion: "joy" }, { Prefer: "wait=20" });
    expect(response.status).toBe(503);
    expect(response.headers.get("retry-after")).toBe("5");
    expect(await response.json()).toMatchObject({ service: "clip", retryable: true, stage: "encoding" });
    const ready = await fetch(`${gateway.url}/readyz`);
    expect(ready.status).toBe(503);
    expect(await ready.json()).toMatchObject({ down: ["clip"] });
    expect((await fetch(`${gateway.url}/readyz?only=database`)).status).toBe(200);
  });

  it("passes a service's refusal on", async () => {
    gateway.services.script.planError = new MoodError("INVALID_ARGUMENT", "REGION_UNKNOWN", "region: no such part", {
      details: { argument: "region", known: ["mouth"] },
    });
    const response = await post({ emotion: "joy", region: "tail" }, { Prefer: "wait=20" });
    expect(response.status).toBe(400);
    expect(response.headers.get("content-type")).toMatch(/^application\/problem\+json/);
    expect(await response.json()).toMatchObject({
      reason: "REGION_UNKNOWN",
      argument: "region",
      details: { known: ["mouth"] },
    });
  });
});

describe("POST /v1/edits/{id}:cancel", () => {
  it("stops the work at the next step and can be repeated", async () => {
    gateway.services.script.stepMs = 50;
    gateway.services.script.steps = 50;
    const job = jobSchema.parse(await (await post({ emotion: "joy" })).json());
    const { record } = gateway.services;
    await until(() => record.stepsRun > 1);
    const cancelled = await fetch(job.urls.cancel, { method: "POST" });
    expect(cancelled.status).toBe(200);
    expect(await cancelled.json()).toMatchObject({ status: "cancelled", stage: "editing" });
    await until(() => record.aborted === 1);
    const steps = record.stepsRun;
    await sleep(150);
    expect(record.stepsRun).toBe(steps);
    expect((await fetch(job.urls.cancel, { method: "POST" })).status).toBe(200);
    expect(await (await fetch(job.urls.self)).json()).toMatchObject({ status: "cancelled" });
    expect((await fetch(job.urls.result)).status).toBe(409);
  });
});

describe("GET /v1/edits/{id}/events", () => {
  it("sends every change in order, previews, and resumes after Last-Event-ID", async () => {
    gateway.services.script.preview = gateway.picture;
    gateway.services.script.stepMs = 150;
    const job = jobSchema.parse(await (await post({ emotion: "joy", preview_every: "1" })).json());
    const events = await readEvents(job.urls.events);
    const progress = events.filter(({ event }) => event === "progress");
    expect(progress.map(({ id }) => Number(id))).toEqual(progress.map((_, index) => index + 1));
    const stages = [...new Set(progress.map(({ data }) => data["status"]))];
    expect(stages).toEqual(["queued", "planning", "encoding", "editing", "finishing", "succeeded"]);
    const previews = events.filter(({ event }) => event === "preview");
    expect(previews.length).toBeGreaterThan(0);
    const [{ image }] = previews.map(({ data }) => data) as [{ image: { data: string } }];
    expect(Buffer.from(image.data, "base64").equals(gateway.picture)).toBe(true);

    const last = Number(progress.at(-1)?.id);
    const resumed = await readEvents(job.urls.events, { "Last-Event-ID": String(last - 2) });
    expect(resumed.filter(({ event }) => event === "progress").map(({ id }) => Number(id))).toEqual([last - 1, last]);
    expect((await fetch(job.urls.events, { headers: { "Last-Event-ID": String(last) } })).status).toBe(204);
  });

  it("keeps the connection alive while nothing happens", async () => {
    await gateway.stop();
    gateway = await startGateway({ heartbeatMs: 20 });
    gateway.services.script.stepMs = 60;
    const job = jobSchema.parse(await (await post({ emotion: "joy" })).json());
    expect(await (await fetch(job.urls.events)).text()).toContain("\n: alive\n");
  });
});

describe("limits", () => {
  it("refuses an edit when too many wait", async () => {
    await gateway.stop();
    gateway = await startGateway({ concurrency: 1, maxQueue: 1 });
    gateway.services.script.stepMs = 200;
    await post({ emotion: "joy" });
    await until(() => gateway.services.record.plans.length === 1);
    expect((await post({ emotion: "joy" })).status).toBe(202);
    const refused = await post({ emotion: "joy" });
    expect(refused.status).toBe(429);
    expect(refused.headers.get("retry-after")).toBe("5");
    expect(await refused.json()).toMatchObject({ reason: "QUEUE_FULL", retryable: true });
  });

  it("lets an edit expire", async () => {
    await gateway.stop();
    gateway = await startGateway({ editTimeoutMs: 4000 });
    gateway.services.script.stepMs = 60_000;
    const response = await post({ emotion: "joy" }, { Prefer: "wait=30" });
    expect(response.status).toBe(504);
    const path = response.headers.get("location") ?? "";
    expect(await (await fetch(`${gateway.url}${path}`)).json()).toMatchObject({ status: "expired", stage: "editing" });
    await until(() => gateway.services.record.aborted === 1);
  });
});

it("lets a running edit end when it stops, and tells a waiting one", async () => {
  await gateway.stop();
  gateway = await startGateway({ concurrency: 1, drainMs: 30_000 });
  gateway.services.script.stepMs = 100;
  const running = post({ emotion: "joy" }, { Prefer: "wait=20" });
  await until(() => gateway.services.record.edits.length === 1);
  const waiting = post({ emotion: "joy" }, { Prefer: "wait=20" });
  await sleep(100);
  await gateway.stop();
  expect((await running).status).toBe(201);
  const refused = await waiting;
  expect(refused.status).toBe(503);
  expect(await refused.json()).toMatchObject({ reason: "SHUTTING_DOWN" });
});
