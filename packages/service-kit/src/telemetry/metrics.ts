import { type Context, context as otel } from "@opentelemetry/api";
import { collectDefaultMetrics, Counter, Gauge, Histogram, type OpenMetricsContentType, Registry } from "prom-client";
import { DURATION_BUCKETS, METRICS } from "./telemetry-names.ts";
import { sampledTraceId } from "./trace.ts";

/** The metrics of one service. Services in one process have a set each. */
export type Metrics = ReturnType<typeof createMetrics>;

/** Options of {@link createMetrics}. */
export interface MetricsOptions {
  /** Value of the label `service` on every series. */
  readonly service: string;
  /** Whether to add memory, CPU and event-loop series of the process; false unless told. */
  readonly process?: boolean;
}

/** A histogram whose buckets remember the trace of their newest value. */
export interface TracedHistogram<L extends string> {
  /** Records a value; the trace id of `context` (the active one unless given) becomes its exemplar when that trace is recorded. */
  observe(labels: Readonly<Record<L, string>>, value: number, context?: Context): void;
}

/** Makes metrics in one registry. */
export interface MetricFactory {
  histogram<L extends string>(name: string, help: string, labels: readonly L[], buckets?: number[]): TracedHistogram<L>;
  gauge<L extends string>(name: string, help: string, labels: readonly L[]): Gauge<L>;
  counter<L extends string>(name: string, help: string, labels: readonly L[]): Counter<L>;
}

/** A factory for the metrics of `registry`. */
export function metricFactory(registry: Registry<OpenMetricsContentType>): MetricFactory {
  const registers = [registry];
  return {
    histogram: (name, help, labelNames, buckets = DURATION_BUCKETS) => {
      const settings = { name, help, labelNames, buckets, registers, enableExemplars: true };
      return traced(new Histogram(settings) as unknown as ExemplarHistogram);
    },
    gauge: (name, help, labelNames) => new Gauge({ name, help, labelNames, registers }),
    counter: (name, help, labelNames) => new Counter({ name, help, labelNames, registers }),
  };
}

/** Creates the metrics that every service has, in a registry of their own. */
export function createMetrics({ service, process = false }: MetricsOptions) {
  // The OpenMetrics format carries exemplars; the plain one does not.
  const registry = new Registry<OpenMetricsContentType>();
  registry.setContentType(Registry.OPENMETRICS_CONTENT_TYPE);
  registry.setDefaultLabels({ service });
  if (process) collectDefaultMetrics({ register: registry });
  const { histogram, gauge, counter } = metricFactory(registry);
  return {
    registry,
    rpcServerDuration: histogram(METRICS.rpcServerDuration, "Seconds of each served call", [
      "rpc_method",
      "rpc_response_status_code",
    ]),
    rpcServerRunning: gauge(METRICS.rpcServerRunning, "Calls that are being served", ["rpc_method"]),
    rpcClientDuration: histogram(METRICS.rpcClientDuration, "Seconds of each made call", [
      "rpc_method",
      "rpc_response_status_code",
    ]),
    rpcClientRetries: counter(METRICS.rpcClientRetries, "Calls that were made again", ["rpc_method"]),
    queueDepth: gauge(METRICS.queueDepth, "Tasks that wait", ["queue"]),
    queueRunning: gauge(METRICS.queueRunning, "Tasks that run", ["queue"]),
    queueWait: histogram(METRICS.queueWait, "Seconds that tasks waited", ["queue"]),
    queueRefused: counter(METRICS.queueRefused, "Tasks refused because the queue was full", ["queue"]),
    stageDuration: histogram(METRICS.stageDuration, "Seconds of each stage", ["stage"]),
    modelLoad: gauge(METRICS.modelLoad, "Seconds that the load of a graph took", ["role"]),
    inferenceDuration: histogram(METRICS.inferenceDuration, "Seconds of each run of a graph", ["role"]),
    batchSize: histogram(METRICS.batchSize, "Rows in a dispatched batch", ["queue"], [1, 2, 4, 8, 16, 32, 64]),
    batchDispatches: counter(METRICS.batchDispatches, "Dispatched batches by what made them start", [
      "queue",
      "reason",
    ]),
    cacheRequests: counter(METRICS.cacheRequests, "Look-ups in a cache", ["cache", "result"]),
  };
}

/** What prom-client's `observe` takes once exemplars are on; its types only know the other form. */
interface ExemplarHistogram {
  observe(value: { labels: object; value: number; exemplarLabels?: { trace_id: string } }): void;
}

function traced<L extends string>(histogram: ExemplarHistogram): TracedHistogram<L> {
  return {
    observe: (labels, value, context = otel.active()) => {
      const traceId = sampledTraceId(context);
      histogram.observe({ labels, value, ...(traceId !== undefined && { exemplarLabels: { trace_id: traceId } }) });
    },
  };
}
