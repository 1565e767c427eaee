// What tracing costs an edit, and whether every job becomes one whole trace: one stack in a process of its own exports to a receiver here. Edits whose caller
// samples them and edits whose caller does not take turns in it; two processes would differ by more than tracing costs. Metrics are always on, so their share
// is measured apart, as the seconds of one observation times those of an edit.
import { fork } from "node:child_process";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { createMetrics } from "@moodifier/service-kit";
import { startOtlpReceiver } from "../../packages/service-kit/tests/otlp-receiver.ts";

/** Options: --backends scripted|mini (scripted), --rounds N (10), --edits N of each kind in a round (20), --jobs N traced ones more (0). */
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
  const stack = await startStack(backends, { OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url });
  try {
    const warmUp = 3;
    await stack.ask({ edits: warmUp, traced: true });
    const taken = { on: [], off: [] };
    for (let round = 0; round < rounds; round += 1) {
      const order = round % 2 === 0 ? ["on", "off"] : ["off", "on"];
      for (const name of order) taken[name].push(await stack.ask({ edits, traced: name === "on" }));
    }
    const more = Number(values.jobs);
    if (more > 0) await stack.ask({ edits: more, traced: true, atOnce: 8 });
    await stack.ask({ end: true });
    return summarize(taken, { backends, jobs: rounds * edits + warmUp + more, traces: countTraces(receiver.spans) });
  } finally {
    stack.kill();
    await receiver.stop();
  }
}

function summarize(taken, facts) {
  const figures = (name) => ({
    medianMs: round(median(taken[name].flatMap(({ ms }) => ms))),
    cpuMs: round(median(taken[name].map(({ cpuMs }) => cpuMs))),
  });
  const [on, off] = [figures("on"), figures("off")];
  // Neighbours in time are compared, so that what the machine does meanwhile meets both.
  const overheads = taken.on.map(({ ms }, at) => median(ms) / median(taken.off[at].ms) - 1).toSorted((a, b) => a - b);
  const quarter = Math.floor(overheads.length / 4);
  return {
    ...facts,
    completeness: facts.traces.whole / facts.jobs,
    on,
    off,
    overheadPercent: {
      median: round(100 * median(overheads)),
      quartiles: [overheads[quarter], overheads.at(-1 - quarter)].map((each) => round(100 * each)),
    },
    metrics: measureMetrics(),
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
  return { ask, kill: () => child.kill() };
}

function median(values) {
  const sorted = values.toSorted((a, b) => a - b);
  return (sorted[Math.floor((sorted.length - 1) / 2)] + sorted[Math.floor(sorted.length / 2)]) / 2;
}
const round = (value) => Number(value.toPrecision(4));
