import type { Metadata, StatusObject } from "@grpc/grpc-js";
import { type Context, context as otel, SpanKind } from "@opentelemetry/api";
import { toMoodError } from "../errors/conversion.ts";
import { toStatus } from "../errors/grpc-status.ts";
import { codeName, type ErrorCode, MoodError } from "../errors/mood-error.ts";
import type { Logger } from "../logger.ts";
import type { Metrics } from "../telemetry/metrics.ts";
import { ATTRIBUTES } from "../telemetry/telemetry-names.ts";
import { endSpan, extractTrace, startSpan, type StartedSpan, withSpan } from "../telemetry/trace.ts";

/** Codes that are this service's fault rather than its caller's; only they make a server span an error (RPC conventions, gRPC table). */
const SERVER_FAULTS: ReadonlySet<ErrorCode> = new Set([
  "UNKNOWN",
  "DEADLINE_EXCEEDED",
  "UNIMPLEMENTED",
  "INTERNAL",
  "UNAVAILABLE",
  "DATA_LOSS",
]);

const LOGGED_FAULTS: ReadonlySet<ErrorCode> = new Set(["INTERNAL", "UNKNOWN", "DATA_LOSS"]);

/** What a handler gets beside the request. */
export interface CallContext {
  /** Aborts when the caller cancels, the deadline passes, or the server is forced to stop; its reason is a `MoodError`. */
  readonly signal: AbortSignal;
  /** Epoch milliseconds by which the call must end. */
  readonly deadline: number;
  /** The request's metadata. */
  readonly metadata: Metadata;
  /** A logger whose lines carry the method and the trace id. */
  readonly logger: Logger;
  /** The trace context inside the call's span; pass the whole context as `parent` of further calls. */
  readonly trace: Context;
  /** Runs one stage of the work under a span of its own and records its duration. */
  stage<T>(name: string, work: () => Promise<T> | T): Promise<T>;
}

/** What a call needs from its server. */
export interface CallEnvironment {
  readonly logger: Logger;
  readonly metrics: Metrics;
  /** Turns a library's error into a `MoodError`; undefined leaves it to `toMoodError`. */
  readonly mapError?: ((error: unknown) => MoodError | undefined) | undefined;
}

/** One call from its headers to the closing of its stream. */
export class ServedCall {
  readonly path: string;
  readonly context: CallContext;
  /** Resolves when the stream has closed and no handler of the call runs any more. */
  readonly ended: Promise<void>;
  readonly #controller = new AbortController();
  readonly #environment: CallEnvironment;
  readonly #span: StartedSpan;
  readonly #startedAt = performance.now();
  readonly #timer: NodeJS.Timeout;
  readonly #closed = Promise.withResolvers<void>();
  #handling: Promise<unknown> | undefined;
  #failure: MoodError | undefined;
  #status: ErrorCode | "OK" | undefined;

  constructor(path: string, metadata: Metadata, deadline: number, environment: CallEnvironment) {
    this.path = path;
    this.#environment = environment;
    const parent = extractTrace(metadata.get("traceparent")[0]?.toString());
    const attributes = { [ATTRIBUTES.rpcSystem]: "grpc", [ATTRIBUTES.rpcMethod]: path.slice(1) };
    this.#span = startSpan(path.slice(1), { kind: SpanKind.SERVER, parent, attributes });
    const logger = environment.logger.child({ method: path.slice(1), trace: this.#span.span.spanContext().traceId });
    const stage = <T>(name: string, work: () => Promise<T> | T) => this.#stage(name, work);
    this.context = { signal: this.#controller.signal, deadline, metadata, logger, trace: this.#span.context, stage };
    this.#timer = setTimeout(() => this.abort(deadlineError()), deadline - Date.now());
    environment.metrics.rpcServerRunning.inc({ rpc_method: path.slice(1) });
    this.ended = this.#end();
  }

  /** Runs the handler within the call's trace. Rejects with the error as a gRPC status. */
  async run<T>(handler: () => Promise<T> | T): Promise<T> {
    const work = (async () => otel.with(this.#span.context, handler))();
    this.#handling = work.catch(() => undefined);
    try {
      return await work;
    } catch (error) {
      this.#failure = this.#environment.mapError?.(error) ?? toMoodError(error, this.#controller.signal);
      throw toStatus(this.#failure) satisfies StatusObject;
    }
  }

  /** Tells the handler to stop, because of `reason`. */
  abort(reason: MoodError): void {
    this.#controller.abort(reason);
  }

  /** Notes the status that is being sent. */
  settle(code: number): void {
    this.#status ??= code === 0 ? "OK" : codeName(code);
  }

  /** The stream is closed: an unfinished handler is told to stop, and the call is recorded. */
  close(): void {
    clearTimeout(this.#timer);
    if (this.#status === undefined) {
      const reason = Date.now() >= this.context.deadline ? deadlineError() : cancelError();
      this.#status = reason.code;
      this.abort(reason);
    }
    this.#record(this.#status);
    this.#closed.resolve();
  }

  async #end(): Promise<void> {
    await this.#closed.promise;
    await this.#handling;
  }

  #record(status: ErrorCode | "OK"): void {
    const { metrics } = this.#environment;
    const method = this.path.slice(1);
    const seconds = (performance.now() - this.#startedAt) / 1000;
    metrics.rpcServerRunning.dec({ rpc_method: method });
    const labels = { rpc_method: method, rpc_response_status_code: status };
    metrics.rpcServerDuration.observe(labels, seconds, this.#span.context);
    const failure = status === "OK" ? undefined : (this.#failure ?? new MoodError(status, status, status));
    this.#span.span.setAttribute(ATTRIBUTES.rpcStatus, status);
    endSpan(this.#span.span, failure && SERVER_FAULTS.has(failure.code) ? failure : undefined);
    const line = { status, reason: failure?.reason, ms: Math.round(seconds * 1000) };
    const { logger } = this.context;
    if (failure && LOGGED_FAULTS.has(failure.code)) {
      logger.error({ ...line, err: failure.cause ?? failure }, "call failed");
    } else if (failure) {
      logger.info(line, "call refused");
    } else {
      logger.debug(line, "call served");
    }
  }

  async #stage<T>(name: string, work: () => Promise<T> | T): Promise<T> {
    const startedAt = performance.now();
    try {
      return await withSpan(name, { parent: this.#span.context, attributes: { [ATTRIBUTES.stage]: name } }, work);
    } finally {
      const seconds = (performance.now() - startedAt) / 1000;
      this.#environment.metrics.stageDuration.observe({ stage: name }, seconds, this.#span.context);
    }
  }
}

function deadlineError(): MoodError {
  return new MoodError(
    "DEADLINE_EXCEEDED",
    "DEADLINE_EXCEEDED",
    "the deadline passed before the work was done; allow more time or ask for fewer steps",
  );
}

function cancelError(): MoodError {
  return new MoodError("CANCELLED", "CANCELLED", "the caller cancelled the call");
}
