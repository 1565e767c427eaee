import { z } from "zod";
import { MoodError } from "../errors/mood-error.ts";

/** The tracing of one process. */
export interface Tracing {
  /** Whether spans are recorded and exported. */
  readonly on: boolean;
  /** Sends what has ended so far. */
  flush(): Promise<void>;
  /** Sends what is left and ends tracing. Never rejects: an unreachable collector must not fail a shutdown. */
  stop(): Promise<void>;
}

const SAMPLERS = [
  "always_on",
  "always_off",
  "traceidratio",
  "parentbased_always_on",
  "parentbased_always_off",
  "parentbased_traceidratio",
] as const;

const PROTOCOLS = ["grpc", "http/protobuf", "http/json"] as const;

const count = (fallback: number, least = 1) => z.coerce.number().int().min(least).default(fallback);

// Names, meanings and defaults of https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables/. Endpoint, headers, timeout,
// compression and certificates (OTEL_EXPORTER_OTLP_*) are read by the exporter itself; resource attributes by the resource.
const schema = z.object({
  OTEL_SDK_DISABLED: z.stringbool().default(false),
  OTEL_TRACES_EXPORTER: z.enum(["otlp", "console", "none"]).optional(),
  OTEL_EXPORTER_OTLP_ENDPOINT: z.url().optional(),
  OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: z.url().optional(),
  OTEL_EXPORTER_OTLP_PROTOCOL: z.enum(PROTOCOLS).default("http/protobuf"),
  OTEL_EXPORTER_OTLP_TRACES_PROTOCOL: z.enum(PROTOCOLS).optional(),
  OTEL_TRACES_SAMPLER: z.enum(SAMPLERS).default("parentbased_always_on"),
  OTEL_TRACES_SAMPLER_ARG: z.coerce.number().min(0).max(1).default(1),
  OTEL_BSP_SCHEDULE_DELAY: count(5000, 0),
  OTEL_BSP_EXPORT_TIMEOUT: count(30_000),
  OTEL_BSP_MAX_QUEUE_SIZE: count(2048),
  OTEL_BSP_MAX_EXPORT_BATCH_SIZE: count(512),
});

/** How spans are sampled and exported. */
export interface TracingConfig {
  readonly exporter: "otlp" | "console";
  readonly protocol: (typeof PROTOCOLS)[number];
  readonly sampler: (typeof SAMPLERS)[number];
  /** Share of the traces that is recorded, 0..1; for the ratio samplers. */
  readonly ratio: number;
  readonly batch: {
    readonly scheduledDelayMillis: number;
    readonly exportTimeoutMillis: number;
    readonly maxQueueSize: number;
    readonly maxExportBatchSize: number;
  };
}

/**
 * Reads OpenTelemetry's standard environment variables. Undefined, tracing off, unless an endpoint is set or `OTEL_TRACES_EXPORTER` asks for one.
 * @throws MoodError INVALID_ARGUMENT, reason CONFIG_INVALID, that lists every faulty variable at once and prints no value.
 */
export function readTracingConfig(env: Readonly<Record<string, string | undefined>>): TracingConfig | undefined {
  const set = Object.keys(schema.shape).filter((name) => env[name] !== undefined && env[name] !== "");
  const result = schema.safeParse(Object.fromEntries(set.map((name) => [name, env[name]])));
  if (!result.success) {
    const faults = result.error.issues.map(({ path, message }) => `${String(path[0])}: ${message}`);
    const text = `invalid configuration: ${faults.join("; ")}`;
    throw new MoodError("INVALID_ARGUMENT", "CONFIG_INVALID", text, { details: { faults } });
  }
  const values = result.data;
  const endpoint = values.OTEL_EXPORTER_OTLP_TRACES_ENDPOINT ?? values.OTEL_EXPORTER_OTLP_ENDPOINT;
  const exporter = values.OTEL_TRACES_EXPORTER ?? (endpoint === undefined ? "none" : "otlp");
  if (values.OTEL_SDK_DISABLED || exporter === "none") return undefined;
  const maxQueueSize = values.OTEL_BSP_MAX_QUEUE_SIZE;
  return {
    exporter,
    protocol: values.OTEL_EXPORTER_OTLP_TRACES_PROTOCOL ?? values.OTEL_EXPORTER_OTLP_PROTOCOL,
    sampler: values.OTEL_TRACES_SAMPLER,
    ratio: values.OTEL_TRACES_SAMPLER_ARG,
    batch: {
      scheduledDelayMillis: values.OTEL_BSP_SCHEDULE_DELAY,
      exportTimeoutMillis: values.OTEL_BSP_EXPORT_TIMEOUT,
      maxQueueSize,
      maxExportBatchSize: Math.min(values.OTEL_BSP_MAX_EXPORT_BATCH_SIZE, maxQueueSize),
    },
  };
}
