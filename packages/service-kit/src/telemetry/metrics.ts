import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from "prom-client";
import { DURATION_BUCKETS, METRICS } from "./telemetry-names.ts";

/** The metrics of one service. Services in one process have a set each. */
export type Metrics = ReturnType<typeof createMetrics>;

/** Options of {@link createMetrics}. */
export interface MetricsOptions {
  /** Value of the label `service` on every series. */
  readonly service: string;
  /** Whether to add memory, CPU and event-loop series of the process; false unless told. */
  readonly process?: boolean;
}

/** Creates the metrics that every service has, in a registry of their own. */
export function createMetrics({ service, process = false }: MetricsOptions) {
  const registry = new Registry();
  registry.setDefaultLabels({ service });
  if (process) collectDefaultMetrics({ register: registry });
  const registers = [registry];
  const histogram = <L extends string>(name: string, help: string, labelNames: L[], buckets = DURATION_BUCKETS) =>
    new Histogram<L>({ name, help, labelNames, buckets, registers });
  const gauge = <L extends string>(name: string, help: string, labelNames: L[]) =>
    new Gauge<L>({ name, help, labelNames, registers });
  const counter = <L extends string>(name: string, help: string, labelNames: L[]) =>
    new Counter<L>({ name, help, labelNames, registers });
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
    modelLoad: histogram(METRICS.modelLoad, "Seconds to load a graph", ["role"]),
    batchSize: histogram(METRICS.batchSize, "Rows in a dispatched batch", ["queue"], [1, 2, 4, 8, 16, 32, 64]),
  };
}
