import { ROOT_CONTEXT, SpanKind, trace } from "@opentelemetry/api";
import { describe, expect, it } from "vitest";
import { createMetrics } from "./metrics.ts";
import { serveMetrics } from "./metrics-server.ts";
import { METRICS } from "./telemetry-names.ts";
import { extractTrace, startSpan, traceparentOf } from "./trace.ts";

describe("trace context", () => {
  it("round-trips traceparent and refuses malformed ones", () => {
    const value = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    expect(traceparentOf(extractTrace(value))).toBe(value);
    for (const bad of [undefined, "", "00-xyz", value.toUpperCase()])
      expect(traceparentOf(extractTrace(bad))).toBeUndefined();
    expect(traceparentOf(extractTrace("00-00000000000000000000000000000000-b7ad6b7169203331-01"))).toBeUndefined();
  });

  it("gives a root span an identity without an SDK, and children the same trace", () => {
    const root = startSpan("root", { kind: SpanKind.SERVER, parent: ROOT_CONTEXT });
    const child = startSpan("child", { parent: root.context });
    expect(trace.getSpanContext(child.context)?.traceId).toBe(root.span.spanContext().traceId);
    expect(traceparentOf(root.context)).toMatch(/^00-[0-9a-f]{32}-[0-9a-f]{16}-00$/);
  });
});

describe("metrics", () => {
  it("serves every named series on its own port, and nothing else", async () => {
    const metrics = createMetrics({ service: "clip", process: true });
    const server = await serveMetrics(metrics.registry, { host: "127.0.0.1", port: 0 });
    const answer = await fetch(`http://127.0.0.1:${server.port}/metrics`);
    const text = await answer.text();
    expect(answer.headers.get("content-type")).toContain("application/openmetrics-text");
    for (const name of Object.values(METRICS)) expect(text).toContain(`# HELP ${name.replace(/_total$/, "")} `);
    expect(text).toContain("nodejs_eventloop_lag_seconds");
    expect((await fetch(`http://127.0.0.1:${server.port}/`)).status).toBe(404);
    await server.stop();
  });

  it("are told as they were when they cannot be brought up to date", async () => {
    const metrics = createMetrics({ service: "gateway" });
    let depth = 3;
    const refresh = async () => {
      if (depth > 3) throw new Error("the database is away");
      metrics.queueDepth.set({ queue: "batch" }, depth);
    };
    const server = await serveMetrics(metrics.registry, { host: "127.0.0.1", port: 0, refresh });
    const scrape = async () => (await fetch(`http://127.0.0.1:${server.port}/metrics`)).text();
    const line = 'moodifier_queue_depth{queue="batch",service="gateway"} 3';
    expect(await scrape()).toContain(line);
    depth = 4;
    expect(await scrape()).toContain(line);
    await server.stop();
  });
});
