import { openModel } from "@moodifier/inference";
import { diffusion } from "@moodifier/proto";
import { createClient, type RunningService, type ServiceClient } from "@moodifier/service-kit";
import { afterAll, beforeAll, expect, test } from "vitest";
import { TINY } from "../test/golden.ts";
import { encodeTexts, makeRequest } from "../test/sample-edit.ts";
import { configSchema } from "./config.ts";
import { start } from "./start.ts";

let request: diffusion.EditRequest;
let service: RunningService;
let client: ServiceClient<diffusion.EditorService>;

beforeAll(async () => {
  const model = await openModel(TINY, { threads: 1 });
  request = { ...(await makeRequest(await encodeTexts(model))), sampling: { steps: 50 } };
  await model.close();
});

beforeAll(async () => {
  service = await start(configSchema.parse({ modelDir: TINY, logLevel: "silent", maxQueue: 1 }));
  client = createClient(diffusion.EditorClient, service.address, { retry: { attempts: 1 } });
});

afterAll(async () => {
  client?.close();
  await service?.stop();
});

type Events = AsyncIterator<diffusion.EditEvent>;

function open(change: Partial<diffusion.EditRequest> = {}, signal?: AbortSignal): Events {
  return client.edit({ ...request, ...change }, { signal })[Symbol.asyncIterator]();
}

/** Reads on to the event of this kind and returns it; undefined when the stream ends before. */
async function readTo(events: Events, kind: "accepted" | "progress" | "result") {
  for (let next = await events.next(); !next.done; next = await events.next()) {
    if (next.value.event?.$case === kind) return next.value.event;
  }
  return undefined;
}

test("a call beyond the queue is refused with the seconds to wait; those in it are served in turn", async () => {
  const running = open();
  await readTo(running, "accepted");
  const waiting = open({ sampling: { steps: 1 } });
  const accepted = readTo(waiting, "accepted");
  // The waiting call must have reached the server before the third one comes.
  await new Promise((resolve) => setTimeout(resolve, 50));
  const third = open();
  await expect(third.next()).rejects.toMatchObject({
    code: "RESOURCE_EXHAUSTED",
    reason: "QUEUE_FULL",
    details: { retryAfterSeconds: expect.any(Number) },
  });
  expect(await readTo(running, "result")).toBeDefined();
  expect((await accepted)?.value).toMatchObject({ queuedMs: expect.any(Number) });
  expect(await readTo(waiting, "result")).toBeDefined();
});

test("a cancelled edit stops at once and frees its place", { retry: 2 }, async () => {
  const stop = new AbortController();
  const cancelled = open({}, stop.signal);
  await readTo(cancelled, "progress");
  const startedAt = performance.now();
  for (let step = 2; step <= 10; step++) await readTo(cancelled, "progress");
  const stepMs = (performance.now() - startedAt) / 9;
  const stoppedAt = performance.now();
  stop.abort();
  await expect(readTo(cancelled, "result")).rejects.toMatchObject({ code: "CANCELLED" });
  expect(await readTo(open({ sampling: { steps: 1 } }), "accepted")).toMatchObject({ value: { steps: 1 } });
  // The 40 steps left would take far longer; denoise.test.ts counts that not one of them runs.
  expect(performance.now() - stoppedAt).toBeLessThan(20 * stepMs);
});

test("a caller that leaves in the middle frees its place too", async () => {
  const left = open();
  await readTo(left, "progress");
  await left.return?.();
  expect(await readTo(open({ sampling: { steps: 1 } }), "result")).toBeDefined();
});

test("a deadline stops the edit", async () => {
  const events = client.edit(request, { deadlineMs: 60 })[Symbol.asyncIterator]();
  await expect(readTo(events, "result")).rejects.toMatchObject({ code: "DEADLINE_EXCEEDED" });
});

// Last, because it stops the service of this file.
test("stopping lets a running edit end and refuses new ones", async () => {
  const running = open();
  await readTo(running, "progress");
  const stopped = service.stop();
  await expect(open().next()).rejects.toMatchObject({ code: "UNAVAILABLE" });
  expect(await readTo(running, "result")).toMatchObject({ value: { recipe: { steps: 50 } } });
  await stopped;
});
