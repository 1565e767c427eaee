import { setTimeout as sleep } from "node:timers/promises";
import { Server, ServerCredentials } from "@grpc/grpc-js";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { MoodError } from "../errors/mood-error.ts";
import { emptyEdit, progress, startEditor } from "../../tests/editor-server.ts";
import { decodeSpans, type OtlpReceiver, printTree, startOtlpReceiver } from "../../tests/otlp-receiver.ts";
import { readTracingConfig } from "./tracing-config.ts";
import { activeTrace, startSpan, traceparentOf, withBatchSpan, withSpan } from "./trace.ts";
import { startTracing } from "./tracing.ts";

let receiver: OtlpReceiver;

beforeEach(async () => {
  receiver = await startOtlpReceiver();
  vi.stubEnv("OTEL_EXPORTER_OTLP_ENDPOINT", receiver.url);
  vi.stubEnv("OTEL_BSP_SCHEDULE_DELAY", "20");
});

afterEach(async () => {
  vi.unstubAllEnvs();
  await receiver.stop();
});

/** Runs `work` with tracing on and returns what the receiver got. */
async function record(work: () => Promise<void>) {
  const tracing = await startTracing("editor");
  expect(tracing.on).toBe(true);
  try {
    await work();
  } finally {
    await tracing.stop();
  }
  return receiver.spans;
}

describe("exported spans", () => {
  it("form one tree over a call: client, server, stages, with the RPC conventions", async () => {
    const spans = await record(async () => {
      const { client, server, close } = await startEditor({
        async *edit(_, { stage }) {
          await stage("decode", () => sleep(2));
          yield progress(1, 1);
        },
      });
      await withSpan("job", {}, async () => {
        for await (const _ of client.edit(emptyEdit)) await sleep(0);
      });
      expect(server.port).toBeGreaterThan(0);
      await close();
    });
    const method = "moodifier.diffusion.v1.Editor/Edit";
    expect(printTree(spans)).toBe(`internal job\n  client ${method}\n    server ${method}\n      internal decode`);
    expect(new Set(spans.map(({ traceId }) => traceId)).size).toBe(1);
    const [client, server] = ["client", "server"].map((kind) => spans.find((span) => span.kind === kind));
    expect(client?.attributes).toEqual({
      "rpc.system.name": "grpc",
      "rpc.method": method,
      "rpc.response.status_code": "OK",
      "server.address": "127.0.0.1",
      "server.port": expect.any(Number),
    });
    expect(server?.attributes).toEqual({
      "rpc.system.name": "grpc",
      "rpc.method": method,
      "rpc.response.status_code": "OK",
    });
    expect(server?.service).toBe("editor");
  });

  it("say what failed without the message, and blame the server only for its own faults", async () => {
    const secret = "a face beaming with joy";
    const spans = await record(async () => {
      const { client, close } = await startEditor({
        listMethods: async () => {
          throw new MoodError("INVALID_ARGUMENT", "EMOTION_UNKNOWN", `emotion: got ${secret}`);
        },
      });
      await expect(client.listMethods({})).rejects.toMatchObject({ reason: "EMOTION_UNKNOWN" });
      await close();
    });
    const [client, server] = ["client", "server"].map((kind) => spans.find((span) => span.kind === kind));
    expect(client).toMatchObject({ status: 2, attributes: { "error.type": "INVALID_ARGUMENT" } });
    expect(client?.attributes["moodifier.error.reason"]).toBe("EMOTION_UNKNOWN");
    expect(server).toMatchObject({ status: 0, attributes: { "rpc.response.status_code": "INVALID_ARGUMENT" } });
    expect(Buffer.concat(receiver.bodies).includes(secret)).toBe(false);
  });

  it("link a batch and its rows both ways", async () => {
    const spans = await record(async () => {
      const rows = ["a", "b", "c"].map((name) => startSpan(name));
      await withBatchSpan("batch", { rows: rows.map(({ context }) => context) }, () => sleep(1));
      for (const { span } of rows) span.end();
    });
    const batch = spans.find(({ name }) => name === "batch");
    const rows = ["a", "b", "c"].map((name) => spans.find((span) => span.name === name));
    expect(batch?.parentId).toBe(rows[0]?.spanId);
    expect(batch?.links.map(({ spanId }) => spanId)).toEqual(rows.map((row) => row?.spanId));
    for (const row of rows) expect(row?.links).toEqual([{ traceId: batch?.traceId, spanId: batch?.spanId }]);
  });

  it("carry the exemplar of their trace into the metrics", async () => {
    let text = "";
    const spans = await record(async () => {
      const { client, metrics, close } = await startEditor({});
      await client.listMethods({});
      await close();
      text = await metrics.registry.metrics();
    });
    const exemplar = /rpc_server_call_duration_seconds_bucket\{.*\} \d+ # \{trace_id="([0-9a-f]{32})"\}/.exec(text);
    expect(exemplar?.[1]).toBe(spans.find(({ kind }) => kind === "server")?.traceId);
    expect(text.endsWith("# EOF\n")).toBe(true);
  });

  it("follow the sampler: none at ratio 0, but a sampled caller's", async () => {
    vi.stubEnv("OTEL_TRACES_SAMPLER", "parentbased_traceidratio");
    vi.stubEnv("OTEL_TRACES_SAMPLER_ARG", "0");
    const spans = await record(async () => {
      const { client, close } = await startEditor({});
      await client.listMethods({});
      const sampled = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
      await client.listMethods({}, { metadata: { traceparent: sampled } });
      await close();
    });
    expect(spans.map(({ kind, traceId }) => [kind, traceId])).toEqual([["server", "0af7651916cd43dd8448eb211c80319c"]]);
  });

  it("travel by HTTP with JSON where the variables say so", async () => {
    vi.stubEnv("OTEL_EXPORTER_OTLP_PROTOCOL", "http/json");
    vi.stubEnv("OTEL_EXPORTER_OTLP_HEADERS", "x-key=k1");
    const spans = await record(() => withSpan("one", {}, () => undefined));
    expect(spans.map(({ name }) => name)).toEqual(["one"]);
    expect(receiver.headers()).toMatchObject({ "content-type": "application/json", "x-key": "k1" });
  });

  it("travel by gRPC where the variables say so", async () => {
    const bodies: Buffer[] = [];
    const pass = (bytes: Buffer) => bytes;
    const path = "/opentelemetry.proto.collector.trace.v1.TraceService/Export";
    const plain = {
      requestSerialize: pass,
      requestDeserialize: pass,
      responseSerialize: pass,
      responseDeserialize: pass,
    };
    const server = new Server();
    server.addService(
      { export: { path, requestStream: false, responseStream: false, ...plain } },
      {
        export: (call: { request: Buffer }, answer: (error: null, value: Buffer) => void) => {
          bodies.push(call.request);
          answer(null, Buffer.alloc(0));
        },
      },
    );
    const port = await new Promise<number>((resolve, reject) =>
      server.bindAsync("127.0.0.1:0", ServerCredentials.createInsecure(), (error, bound) =>
        error ? reject(error) : resolve(bound),
      ),
    );
    vi.stubEnv("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc");
    vi.stubEnv("OTEL_EXPORTER_OTLP_ENDPOINT", `http://127.0.0.1:${port}`);
    await record(() => withSpan("one", {}, () => undefined));
    expect(bodies.flatMap(decodeSpans).map(({ name }) => name)).toEqual(["one"]);
    server.forceShutdown();
  });

  it("keep a service's stop from hanging when nobody receives them", async () => {
    await receiver.stop();
    const tracing = await startTracing("editor");
    await withSpan("lost", {}, () => undefined);
    const startedAt = performance.now();
    await tracing.stop();
    expect(performance.now() - startedAt).toBeLessThan(6000);
  });
});

describe("tracing that is off", () => {
  it("records nothing, but lets ids travel", async () => {
    vi.unstubAllEnvs();
    const tracing = await startTracing("editor");
    expect(tracing.on).toBe(false);
    await withSpan("outer", {}, async ({ context }) => {
      await sleep(1);
      expect(traceparentOf(activeTrace())).toBe(traceparentOf(context));
      expect(traceparentOf(context)).toMatch(/-00$/);
    });
  });

  it.each([
    {},
    { OTEL_TRACES_EXPORTER: "none", OTEL_EXPORTER_OTLP_ENDPOINT: "http://collector:4318" },
    { OTEL_SDK_DISABLED: "true", OTEL_TRACES_EXPORTER: "otlp" },
  ])("is so for %o", (env) => expect(readTracingConfig(env)).toBeUndefined());

  it("names every faulty variable, and no value", () => {
    const env = {
      OTEL_TRACES_SAMPLER: "sometimes",
      OTEL_TRACES_SAMPLER_ARG: "7",
      OTEL_EXPORTER_OTLP_ENDPOINT: "s3cret",
    };
    let message = "";
    try {
      readTracingConfig(env);
    } catch (error) {
      message = (error as Error).message;
    }
    for (const name of Object.keys(env)) expect(message).toContain(name);
    expect(message).not.toContain("s3cret");
  });
});
