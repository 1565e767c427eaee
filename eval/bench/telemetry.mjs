// What tracing costs an edit, and whether every job becomes one whole trace: two stacks in processes of their own, one with OTLP export to a receiver here,
// one with tracing off, take turns. Metrics are always on, so their share is measured apart, as the seconds of one observation times those of an edit.
import { fork } from "node:child_process";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { createMetrics } from "@moodifier/service-kit";
import { startOtlpReceiver } from "../../packages/service-kit/tests/otlp-receiver.ts";

/** Options: --backends scripted|mini (scripted), --rounds N (10), --edits N for each stack in a round (20), --jobs N traced ones more (0). */
export default async function benchTelemetry(options) {
  const { values } = parseArgs({
    args: options,
    options: {
      backends: { type: "string", default: "scripted" },
      rounds: { type: "string", default: "10" },
      edits: { type: "string", default: "20" },
      jobs: { type: "string", default: "0" },
    },
  });
  const { backends } = values;
  if (!["scripted", "mini"].includes(backends))
    throw new Error(`--backends: expected scripted or mini, got ${backends}`);
  const [rounds, edits] = [Number(values.rounds), Number(values.edits)];
  const receiver = await startOtlpReceiver();
  const on = await startStack(backends, { OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url });
  const off = await startStack(backends, { OTEL_SDK_DISABLED: "true" });
  try {
    // The first edits of each warm it up and count in nothing but the traces.
    await on.ask({ edits: 3 });
    await off.ask({ edits: 3 });
    const taken = { on: [], off: [] };
    for (let round = 0; round < rounds; round += 1) {
      const order = round % 2 === 0 ? ["on", "off"] : ["off", "on"];
      for (const name of order) taken[name].push(await (name === "on" ? on : off).ask({ edits }));
    }
    const more = Number(values.jobs);
    if (more > 0) await on.ask({ edits: more, atOnce: 8 });
    await on.end();
    await off.end();
    return summarize(taken, { backends, jobs: rounds * edits + 3 + more, traces: countTraces(receiver.spans) });
  } finally {
    on.kill();
    off.kill();
    await receiver.stop();
  }
}

function summarize(taken, facts) {
  const ms = (name) => taken[name].flatMap((each) => each.ms);
  const cpu = (name) => median(taken[name].map(({ cpuMs }) => cpuMs));
  const off = median(ms("off"));
  const cpuOverhead = cpu("on") - cpu("off");
  const metrics = measureMetrics();
  return {
    ...facts,
    completeness: facts.traces.whole / facts.jobs,
    medianMs: { on: round(median(ms("on"))), off: round(off), overhead: ratio(median(ms("on")) - off, off) },
    cpuMsPerEdit: { on: round(cpu("on")), off: round(cpu("off")), overhead: round(cpuOverhead) },
    metrics,
  };
}

/** Whole traces: one root, no span without its parent, and below every call's client its server, the editor's among them. */
function countTraces(spans) {
  const traces = Map.groupBy(spans, ({ traceId }) => traceId);
  const edits = [...traces.values()].filter((trace) => trace.some(({ name }) => name === "POST /v1/edits"));
  const whole = edits.filter((trace) => {
    const ids = new Set(trace.map(({ spanId }) => spanId));
    const served = new Set(trace.filter(({ kind }) => kind === "server").map(({ parentId }) => parentId));
    const clients = trace.filter(({ kind }) => kind === "client");
    return (
      trace.filter(({ parentId }) => parentId === "").length === 1 &&
      trace.every(({ parentId }) => parentId === "" || ids.has(parentId)) &&
      ["wait for jobs", "job"].every((name) => trace.some((span) => span.name === name)) &&
      clients.every(({ spanId }) => served.has(spanId)) &&
      clients.some(({ name }) => name.endsWith("Editor/Edit"))
    );
  });
  return { seen: edits.length, whole: whole.length, spansPerEdit: round(median(edits.map(({ length }) => length))) };
}

/** Microseconds of one observation. An edit makes about thirty over all services. */
function measureMetrics() {
  const { rpcServerDuration } = createMetrics({ service: "bench" });
  const count = 200_000;
  const labels = { rpc_method: "bench.v1.Bench/Run", rpc_response_status_code: "OK" };
  const startedAt = performance.now();
  for (let index = 0; index < count; index += 1) rpcServerDuration.observe(labels, index / count);
  return { observationUs: round(((performance.now() - startedAt) * 1000) / count) };
}

async function startStack(backends, env) {
  const picture = fileURLToPath(new URL("../../examples/lorelei-neutral.png", import.meta.url));
  const script = fileURLToPath(new URL("telemetry/stack.mjs", import.meta.url));
  const child = fork(script, [JSON.stringify({ backends, picture })], { env: { ...process.env, ...env } });
  let answer;
  child.on("message", (message) => answer.resolve(message));
  child.once("exit", (code) => answer.reject(new Error(`the stack ended with code ${code}`)));
  const next = () => (answer = Promise.withResolvers()).promise;
  await next();
  const ask = (message) => {
    child.send(message);
    return next();
  };
  return { ask, end: () => ask({ end: true }), kill: () => child.kill() };
}

const median = (values) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? NaN;
const round = (value) => Number(value.toPrecision(4));
const ratio = (part, whole) => `${round((100 * part) / whole)} %`;
