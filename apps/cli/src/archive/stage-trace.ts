import process from "node:process";
import { extractTrace, startTracing, withSpan, withTrace } from "@moodifier/service-kit";

/**
 * Runs a stage within the trace that TRACEPARENT names, as a shard runner passes it on, so that the calls of all shards belong to one trace. The stage is a span
 * of its own where the `OTEL_*` variables switch tracing on.
 */
export async function withStageTrace<T>(stage: string, work: () => Promise<T>): Promise<T> {
  const tracing = await startTracing("archive");
  const parent = extractTrace(process.env["TRACEPARENT"]);
  try {
    return await (tracing.on ? withSpan(`archive ${stage}`, { parent }, work) : withTrace(parent, work));
  } finally {
    await tracing.stop();
  }
}
