import { randomBytes } from "node:crypto";
import { Metadata } from "@grpc/grpc-js";
import {
  type Attributes,
  type Context,
  context as otel,
  ROOT_CONTEXT,
  type Span,
  type SpanContext,
  SpanKind,
  SpanStatusCode,
  trace,
  TraceFlags,
} from "@opentelemetry/api";
import { toMoodError } from "../errors/conversion.ts";
import { AsyncLocalStorageContextManager } from "@opentelemetry/context-async-hooks";
import type { MoodError } from "../errors/mood-error.ts";
import { ATTRIBUTES } from "./telemetry-names.ts";

// W3C Trace Context, version 00: https://www.w3.org/TR/trace-context/#traceparent-header
const TRACEPARENT = /^[0-9a-f]{2}-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/;

/** The trace context that `traceparent` names; the root context when it is absent or malformed. */
export function extractTrace(traceparent: string | null | undefined): Context {
  const match = TRACEPARENT.exec(traceparent ?? "");
  if (!match) return ROOT_CONTEXT;
  const [, traceId = "", spanId = "", flags = "00"] = match;
  return trace.setSpanContext(ROOT_CONTEXT, {
    traceId,
    spanId,
    traceFlags: Number.parseInt(flags, 16),
    isRemote: true,
  });
}

/** The value of the `traceparent` header for calls made within `context`, or to store with queued work; undefined outside any trace. */
export function traceparentOf(context: Context): string | undefined {
  const span = trace.getSpanContext(context);
  if (!span || !trace.isSpanContextValid(span)) return undefined;
  return `00-${span.traceId}-${span.spanId}-${span.traceFlags.toString(16).padStart(2, "0")}`;
}

/** gRPC metadata that carries `context` to the server. */
export function traceMetadata(context: Context): Metadata {
  const metadata = new Metadata();
  const value = traceparentOf(context);
  if (value) metadata.set("traceparent", value);
  return metadata;
}

/** The trace id of `context` when its trace is recorded, for a metric's exemplar or a log line; undefined otherwise. */
export function sampledTraceId(context: Context): string | undefined {
  const span = trace.getSpanContext(context);
  return span && (span.traceFlags & TraceFlags.SAMPLED) !== 0 ? span.traceId : undefined;
}

/** A place in a trace; what spans and calls take as their parent. */
export type TraceContext = Context;

let following = false;

/**
 * Lets `activeTrace` follow promises and timers, once for the process. Cheap, and useful without an SDK too: ids of traces then travel from a request to the
 * work it causes.
 */
export function followTraces(): void {
  if (following) return;
  following = true;
  otel.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
}

/** The context of the innermost span that runs; the root context outside of all. */
export function activeTrace(): TraceContext {
  return otel.active();
}

/** The innermost span that runs. */
export function activeSpan(): Span | undefined {
  return trace.getActiveSpan();
}

/** Runs `work` with `context` as the active one. */
export function withTrace<T>(context: TraceContext, work: () => T): T {
  return otel.with(context, work);
}

/** The trace id of `context`, recorded or not, for log lines. */
export function traceIdOf(context: TraceContext): string | undefined {
  return trace.getSpanContext(context)?.traceId;
}

/** A span and the context inside it. */
export interface StartedSpan {
  readonly span: Span;
  readonly context: Context;
}

/** How to start a span. */
export interface SpanOptions {
  /** INTERNAL unless told. */
  readonly kind?: SpanKind;
  /** The context that the span belongs to; the active one unless told. */
  readonly parent?: Context;
  /** Ids, names, counts and sizes only: never a picture, a prompt or a key. */
  readonly attributes?: Attributes;
  /** Contexts of other spans that this one works for, for example the rows of a batch; those outside a trace are left out. */
  readonly links?: Iterable<Context>;
  /** Epoch milliseconds; now unless told. */
  readonly startMs?: number;
}

/**
 * Starts a span. Without a registered OpenTelemetry SDK nothing is recorded, but the trace id still travels (a new one at the root), so that the log lines
 * of one job can be joined over all services.
 */
export function startSpan(name: string, options: SpanOptions = {}): StartedSpan {
  const { kind = SpanKind.INTERNAL, parent = otel.active(), attributes = {}, startMs } = options;
  const links = options.links ? linksTo(options.links) : [];
  const settings = { kind, attributes, links, ...(startMs !== undefined && { startTime: startMs }) };
  let span = trace.getTracer("moodifier").startSpan(name, settings, parent);
  if (!trace.isSpanContextValid(span.spanContext())) {
    span = trace.wrapSpanContext({
      traceId: randomBytes(16).toString("hex"),
      spanId: randomBytes(8).toString("hex"),
      traceFlags: TraceFlags.NONE,
    });
  }
  return { span, context: trace.setSpan(parent, span) };
}

/** Runs `work` inside a span, which ends when it does. An error is noted on the span and thrown on. */
export async function withSpan<T>(
  name: string,
  options: SpanOptions,
  work: (started: StartedSpan) => Promise<T> | T,
): Promise<T> {
  const started = startSpan(name, options);
  try {
    const result = await otel.with(started.context, () => work(started));
    endSpan(started.span);
    return result;
  } catch (error) {
    endSpan(started.span, toMoodError(error));
    throw error;
  }
}

/**
 * Runs one batch that serves several callers in a span of its own: it belongs to the first recorded trace of `rows` (the callers' contexts), links to
 * every caller, and every caller's span links back. Without a recorded caller there is no span.
 */
export async function withBatchSpan<T>(
  name: string,
  options: { readonly rows: Iterable<Context>; readonly attributes?: Attributes },
  work: () => Promise<T> | T,
): Promise<T> {
  const rows = new Set([...options.rows].filter((row) => sampledTraceId(row) !== undefined));
  const [parent] = rows;
  if (!parent) return work();
  return withSpan(name, { parent, links: rows, attributes: options.attributes ?? {} }, ({ span }) => {
    for (const row of rows) trace.getSpan(row)?.addLink({ context: span.spanContext() });
    return work();
  });
}

/** Records a span that is over already, for example the wait in a queue. `startMs` and `endMs` are epoch milliseconds. */
export function recordSpan(name: string, options: SpanOptions & { readonly endMs: number }): void {
  startSpan(name, options).span.end(options.endMs);
}

/** Ends a span; an error sets its status and type, but not its message, which may quote an argument. */
export function endSpan(span: Span, error?: MoodError): void {
  if (error) {
    span.setAttributes({ [ATTRIBUTES.errorType]: error.code, [ATTRIBUTES.errorReason]: error.reason });
    span.setStatus({ code: SpanStatusCode.ERROR, message: error.reason });
  }
  span.end();
}

function linksTo(contexts: Iterable<Context>): { context: SpanContext }[] {
  return [...contexts].flatMap((context) => {
    const span = trace.getSpanContext(context);
    return span && trace.isSpanContextValid(span) ? [{ context: span }] : [];
  });
}
