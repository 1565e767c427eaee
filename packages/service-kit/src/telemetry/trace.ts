import { randomBytes } from "node:crypto";
import { Metadata } from "@grpc/grpc-js";
import {
  type Attributes,
  type Context,
  ROOT_CONTEXT,
  type Span,
  type SpanKind,
  SpanStatusCode,
  trace,
} from "@opentelemetry/api";
import type { MoodError } from "../errors/mood-error.ts";
import { ATTRIBUTES } from "./telemetry-names.ts";

// W3C Trace Context, version 00: https://www.w3.org/TR/trace-context/#traceparent-header
const TRACEPARENT = /^[0-9a-f]{2}-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/;

/** The trace context that `traceparent` names; the root context when it is absent or malformed. */
export function extractTrace(traceparent: string | undefined): Context {
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

/** The value of the `traceparent` header for calls made within `context`; undefined outside any trace. */
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

/** A span and the context inside it. */
export interface StartedSpan {
  readonly span: Span;
  readonly context: Context;
}

/**
 * Starts a span below `parent`. Without a registered OpenTelemetry SDK nothing is recorded, but the trace id still travels (a new one at the root), so
 * that the log lines of one job can be joined over all services.
 */
export function startSpan(name: string, kind: SpanKind, parent: Context, attributes: Attributes = {}): StartedSpan {
  let span = trace.getTracer("moodifier").startSpan(name, { kind, attributes }, parent);
  if (!trace.isSpanContextValid(span.spanContext())) {
    span = trace.wrapSpanContext({
      traceId: randomBytes(16).toString("hex"),
      spanId: randomBytes(8).toString("hex"),
      traceFlags: 0,
    });
  }
  return { span, context: trace.setSpan(parent, span) };
}

/** Ends a span; an error sets its status and `error.type`, but not its message, which may quote an argument. */
export function endSpan(span: Span, error?: MoodError): void {
  if (error) {
    span.setAttribute(ATTRIBUTES.errorType, error.reason);
    span.setStatus({ code: SpanStatusCode.ERROR, message: error.reason });
  }
  span.end();
}
