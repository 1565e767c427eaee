import process from "node:process";
import { followTraces } from "./trace.ts";
import { readTracingConfig, type Tracing } from "./tracing-config.ts";

export type { Tracing } from "./tracing-config.ts";

const OFF: Tracing = { on: false, flush: async () => undefined, stop: async () => undefined };

/**
 * Registers the OpenTelemetry SDK for this process as the standard `OTEL_*` variables of the environment say; see `readTracingConfig`. Without them no
 * SDK is loaded and nothing is recorded. Call it once, before the service starts; `OTEL_SERVICE_NAME` overrides `service`.
 * @throws MoodError CONFIG_INVALID.
 */
export async function startTracing(service: string): Promise<Tracing> {
  followTraces();
  const config = readTracingConfig(process.env);
  if (!config) return OFF;
  const { registerSdk } = await import("./tracing-sdk.ts");
  return registerSdk(config, service);
}
