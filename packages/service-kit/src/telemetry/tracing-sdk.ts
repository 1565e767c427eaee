import { setTimeout as sleep } from "node:timers/promises";
import { trace } from "@opentelemetry/api";
import {
  defaultResource,
  detectResources,
  envDetector,
  hostDetector,
  resourceFromAttributes,
} from "@opentelemetry/resources";
import {
  AlwaysOffSampler,
  AlwaysOnSampler,
  BatchSpanProcessor,
  ConsoleSpanExporter,
  ParentBasedSampler,
  type Sampler,
  type SpanExporter,
  TraceIdRatioBasedSampler,
  TracerProvider,
} from "@opentelemetry/sdk-trace";
import type { Tracing, TracingConfig } from "./tracing-config.ts";

/** Longest time for sending what is left at the end, milliseconds: a pod that stops must not wait for a collector that is gone. */
const STOP_MS = 4000;

/** Registers tracer provider and context manager for the process. Loaded only when tracing is on. */
export async function registerSdk(config: TracingConfig, service: string): Promise<Tracing> {
  const provider = new TracerProvider({
    resource: defaultResource()
      .merge(resourceFromAttributes({ "service.name": service, "service.namespace": "moodifier" }))
      .merge(detectResources({ detectors: [hostDetector, envDetector] })),
    sampler: createSampler(config),
    spanProcessors: [new BatchSpanProcessor({ exporter: await createExporter(config), ...config.batch })],
    // A batch of the encoder links every row; texts never become attributes, so long values are somebody's mistake.
    spanLimits: { linkCountLimit: 256, attributeValueLengthLimit: 256 },
  });
  trace.setGlobalTracerProvider(provider);
  return {
    on: true,
    flush: () => provider.forceFlush(),
    stop: async () => {
      const sent = provider.shutdown().catch(() => undefined);
      await Promise.race([sent, sleep(STOP_MS, undefined, { ref: false })]);
      trace.disable();
    },
  };
}

async function createExporter({ exporter, protocol }: TracingConfig): Promise<SpanExporter> {
  if (exporter === "console") return new ConsoleSpanExporter();
  if (protocol === "grpc") return new (await import("@opentelemetry/exporter-trace-otlp-grpc")).OTLPTraceExporter();
  if (protocol === "http/json")
    return new (await import("@opentelemetry/exporter-trace-otlp-http")).OTLPTraceExporter();
  return new (await import("@opentelemetry/exporter-trace-otlp-proto")).OTLPTraceExporter();
}

function createSampler({ sampler, ratio }: TracingConfig): Sampler {
  const parentBased = sampler.startsWith("parentbased_");
  const kind = sampler.replace("parentbased_", "");
  const root =
    kind === "always_off"
      ? new AlwaysOffSampler()
      : kind === "traceidratio"
        ? new TraceIdRatioBasedSampler(ratio)
        : new AlwaysOnSampler();
  return parentBased ? new ParentBasedSampler({ root }) : root;
}
