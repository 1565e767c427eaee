import process from "node:process";
import { followTraces } from "./trace.ts";
import { readTracingConfig } from "./tracing-config.ts";

/** The tracing of one process. */
export interface Tracing {
  /** Whether spans are recorded and exported. */
  readonly on: boolean;
  /** Sends what has ended so far. */
  flush(): Promise<void>;
  /** Sends what is left and ends tracing. Never rejects: an unreachable collector must not fail a shutdown. */
  stop(): Promise<void>;
}

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
