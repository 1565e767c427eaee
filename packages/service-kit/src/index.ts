/** What every service stands on: errors, configuration, log, telemetry, the gRPC server and client, a bounded queue, and orderly shutdown. */
export { BoundedQueue, type BoundedQueueOptions, type Slot } from "./bounded-queue.ts";
export { environmentName, loadConfig, modelSettings, placement, serviceSettings } from "./config.ts";
export { toMoodError } from "./errors/conversion.ts";
export { fromServiceError, toStatus } from "./errors/grpc-status.ts";
export { CODES, type ErrorCode, type ErrorDetails, MoodError } from "./errors/mood-error.ts";
export { type Problem, toProblem } from "./errors/problem.ts";
export type { CallContext } from "./grpc/call.ts";
export type { CallOptions } from "./grpc/call-options.ts";
export {
  type ClientOptions,
  createClient,
  type ServiceClient,
  type StreamMethod,
  type UnaryMethod,
} from "./grpc/client.ts";
export { serverStream, unary } from "./grpc/handler.ts";
export { MAX_MESSAGE_BYTES } from "./grpc/limits.ts";
export { DEFAULT_RETRY, type RetryPolicy } from "./grpc/retry.ts";
export { type RunningServer, serve, type ServedService, type ServeOptions } from "./grpc/server.ts";
export { createLogger, type Logger, type LoggerOptions } from "./logger.ts";
export { type AddressPolicy, isPublicAddress, pinAddress } from "./outbound-http/address-policy.ts";
export {
  type OutboundAnswer,
  type OutboundLimits,
  type OutboundRequest,
  sendOutbound,
} from "./outbound-http/outbound-request.ts";
export { runMain, type RunningService } from "./run-main.ts";
export {
  createMetrics,
  type MetricFactory,
  metricFactory,
  type Metrics,
  type TracedHistogram,
} from "./telemetry/metrics.ts";
export { SpanKind, SpanStatusCode } from "@opentelemetry/api";
export { modelObserver } from "./telemetry/model-observer.ts";
export { type MetricsServer, serveMetrics } from "./telemetry/metrics-server.ts";
export { ATTRIBUTES, DURATION_BUCKETS, METRICS } from "./telemetry/telemetry-names.ts";
export {
  activeSpan,
  activeTrace,
  endSpan,
  extractTrace,
  followTraces,
  recordSpan,
  sampledTraceId,
  type SpanOptions,
  type StartedSpan,
  startSpan,
  type TraceContext,
  traceIdOf,
  traceparentOf,
  withBatchSpan,
  withSpan,
  withTrace,
} from "./telemetry/trace.ts";
export { startTracing, type Tracing } from "./telemetry/tracing.ts";
export { untilAborted } from "./until-aborted.ts";
