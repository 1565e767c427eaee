import { startTracing, type Tracing } from "@moodifier/service-kit";
import { afterAll, beforeAll, expect, it, vi } from "vitest";
import {
  type OtlpReceiver,
  printTree,
  type ReceivedSpan,
  startOtlpReceiver,
} from "../../../../packages/service-kit/tests/otlp-receiver.ts";
import { formOf, type GatewayUnderTest, startGateway } from "../testing/gateway-under-test.ts";

let receiver: OtlpReceiver;
let tracing: Tracing;
let gateway: GatewayUnderTest;

beforeAll(async () => {
  receiver = await startOtlpReceiver();
  vi.stubEnv("OTEL_EXPORTER_OTLP_ENDPOINT", receiver.url);
  vi.stubEnv("OTEL_BSP_SCHEDULE_DELAY", "20");
  tracing = await startTracing("gateway");
  gateway = await startGateway();
}, 300_000);

afterAll(async () => {
  await gateway.stop();
  await tracing.stop();
  await receiver.stop();
  vi.unstubAllEnvs();
});

const caller = { traceId: "0af7651916cd43dd8448eb211c80319c", spanId: "b7ad6b7169203331" };
const key = "mk_live_0123456789abcdef";

async function edit(headers: Record<string, string>, fields: Record<string, string> = {}): Promise<Response> {
  const body = formOf({ image: gateway.picture, emotion: "joy", steps: "4", ...fields });
  return fetch(`${gateway.url}/v1/edits?key=${key}`, {
    method: "POST",
    body,
    headers: { Prefer: "wait=30", ...headers },
  });
}

/** The spans of one trace, once its request has ended. */
async function traceOf(traceId: string): Promise<ReceivedSpan[]> {
  const of = (spans: readonly ReceivedSpan[]) => spans.filter((span) => span.traceId === traceId);
  await receiver.until((spans) => of(spans).some(({ name }) => name.startsWith("POST")), 30_000);
  await tracing.flush();
  return of(receiver.spans);
}

it("makes one job one trace, from HTTP over the queue to the model services", async () => {
  const answer = await edit({ traceparent: `00-${caller.traceId}-${caller.spanId}-01` });
  expect(answer.status).toBe(201);
  const { id } = (await answer.json()) as { id: string };
  const spans = await traceOf(caller.traceId);
  const call = (service: string, method: string) => [
    `      client moodifier.${service}.v1.${method}`,
    `        server moodifier.${service}.v1.${method}`,
  ];
  expect(printTree(spans).split("\n")).toEqual([
    "orphan server POST /v1/edits",
    "  internal wait for jobs",
    "  consumer job",
    ...call("mllm", "Planner/PlanEdit").map((line) => line.slice(2)),
    ...call("clip", "Encoder/EncodeText").map((line) => line.slice(2)),
    ...call("diffusion", "Editor/Edit").map((line) => line.slice(2)),
  ]);
  const find = (name: string) => spans.find((span) => span.name === name);
  expect(find("POST /v1/edits")).toMatchObject({ parentId: caller.spanId, status: 0 });
  expect(find("POST /v1/edits")?.attributes).toEqual({
    "http.request.method": "POST",
    "url.path": "/v1/edits",
    "url.scheme": "http",
    "http.route": "/v1/edits",
    "http.response.status_code": 201,
  });
  expect(find("job")?.attributes).toMatchObject({
    "moodifier.job.id": id,
    "moodifier.job.lane": "interactive",
    "moodifier.job.attempt": 1,
    "moodifier.job.status": "succeeded",
  });
});

it("marks the job whose planner fails, and its trace ends there", async () => {
  const { MoodError } = await import("@moodifier/service-kit");
  gateway.services.script.planError = new MoodError("INVALID_ARGUMENT", "IMAGE_EMPTY", "image: a portrait of Ada");
  const traceId = "1".repeat(32);
  // Another emotion than before, for the plan of a known picture is not asked for again.
  await edit({ traceparent: `00-${traceId}-${caller.spanId}-01` }, { emotion: "sadness" });
  delete gateway.services.script.planError;
  const spans = await traceOf(traceId);
  const job = spans.find(({ name }) => name === "job");
  expect(job?.attributes["moodifier.job.status"]).toBe("failed");
  expect(job?.status).toBe(2);
  expect(spans.some(({ name }) => name.endsWith("EncodeText"))).toBe(false);
});

it("gives each row of a batch a trace of its own that links to the batch's", async () => {
  const traceId = "4".repeat(32);
  const upload = await fetch(`${gateway.url}/v1/uploads`, {
    method: "POST",
    body: new Uint8Array(gateway.picture),
    headers: { "Content-Type": "image/png" },
  });
  const { reference } = (await upload.json()) as { reference: string };
  const form = new FormData();
  form.append("manifest", new Blob([`image,emotion\n${reference},joy\n${reference},sadness\n`]), "manifest.csv");
  form.append("options", "{}");
  const headers = { traceparent: `00-${traceId}-${caller.spanId}-01`, Prefer: "wait=60" };
  const answer = await fetch(`${gateway.url}/v1/batches`, { method: "POST", body: form, headers });
  expect(answer.status, await answer.clone().text()).toBe(201);
  const batch = (await answer.json()) as { id: string; status: string };
  expect(batch.status).toBe("succeeded");
  const [request] = await traceOf(traceId);
  const isRow = (span: ReceivedSpan) => span.attributes["moodifier.batch.id"] === batch.id;
  await receiver.until((spans) => spans.filter(isRow).length >= 2, 90_000);
  const rows = receiver.spans.filter(isRow);
  expect(rows.map(({ attributes }) => attributes["moodifier.batch.row"]).sort()).toEqual([0, 1]);
  for (const row of rows) {
    expect(row).toMatchObject({
      name: "job",
      kind: "consumer",
      parentId: "",
      links: [{ traceId, spanId: request?.spanId }],
    });
  }
  expect(new Set([traceId, ...rows.map((row) => row.traceId)]).size).toBe(3);
});

it("leaks neither picture, prompt, message nor key", async () => {
  const traceId = "2".repeat(32);
  await edit({ traceparent: `00-${traceId}-${caller.spanId}-01`, Authorization: `Bearer ${key}` });
  await traceOf(traceId);
  const sent = Buffer.concat(receiver.bodies);
  expect(sent.length).toBeGreaterThan(1000);
  const pixels = gateway.picture.subarray(40, 56);
  for (const secret of [
    key,
    "A joyful face.",
    "A face.",
    "portrait of Ada",
    pixels,
    gateway.picture.toString("base64").slice(60, 84),
  ]) {
    expect(sent.includes(secret), String(secret)).toBe(false);
  }
});

it("records nothing of a request whose caller samples it out", async () => {
  const traceId = "3".repeat(32);
  const before = receiver.spans.length;
  await edit({ traceparent: `00-${traceId}-${caller.spanId}-00` });
  await tracing.flush();
  expect(receiver.spans.slice(before).filter((span) => span.traceId === traceId)).toEqual([]);
});
