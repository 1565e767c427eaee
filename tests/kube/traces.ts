import type { ReceivedSpan } from "../../packages/service-kit/tests/otlp-receiver.ts";

/** How many traces of edits are whole: one root, no span without its parent, and the calls of all three model services on both sides. */
export function countTraces(spans: readonly ReceivedSpan[]): { whole: number; broken: number } {
  const traces = [...Map.groupBy(spans, ({ traceId }) => traceId).values()];
  const edits = traces.filter((trace) => trace.some(({ name }) => name === "POST /v1/edits"));
  const whole = edits.filter(isWhole).length;
  return { whole, broken: edits.length - whole };
}

function isWhole(trace: readonly ReceivedSpan[]): boolean {
  const ids = new Set(trace.map(({ spanId }) => spanId));
  const parents = new Set(trace.filter(({ kind }) => kind === "server").map(({ parentId }) => parentId));
  const calls = trace.filter(({ kind }) => kind === "client");
  return (
    trace.filter(({ parentId }) => parentId === "").length === 1 &&
    trace.every(({ parentId }) => parentId === "" || ids.has(parentId)) &&
    trace.some(({ name }) => name === "job") &&
    calls.every(({ spanId }) => parents.has(spanId)) &&
    calls.some(({ name }) => name.endsWith("Editor/Edit"))
  );
}
