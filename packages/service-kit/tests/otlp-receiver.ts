// An OTLP/HTTP receiver: accepts POST /v1/traces in protobuf (gzip or not) and keeps the spans. The messages are declared here again, from the field numbers
// of opentelemetry-proto 1.x (trace/v1/trace.proto), so that the exporter's encoder is checked by other code.
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { gunzipSync } from "node:zlib";
import protobuf from "protobufjs";

const { root } = protobuf.parse(`
  syntax = "proto3";
  message AnyValue { oneof value { string string_value = 1; bool bool_value = 2; int64 int_value = 3; double double_value = 4; ArrayValue array_value = 5; } }
  message ArrayValue { repeated AnyValue values = 1; }
  message KeyValue { string key = 1; AnyValue value = 2; }
  message Resource { repeated KeyValue attributes = 1; }
  message Scope { string name = 1; string version = 2; }
  message Event { fixed64 time_unix_nano = 1; string name = 2; repeated KeyValue attributes = 3; }
  message Link { bytes trace_id = 1; bytes span_id = 2; string trace_state = 3; repeated KeyValue attributes = 4; }
  message Status { string message = 2; int32 code = 3; }
  message Span {
    bytes trace_id = 1; bytes span_id = 2; string trace_state = 3; bytes parent_span_id = 4; string name = 5; int32 kind = 6;
    fixed64 start_time_unix_nano = 7; fixed64 end_time_unix_nano = 8; repeated KeyValue attributes = 9; uint32 dropped_attributes_count = 10;
    repeated Event events = 11; repeated Link links = 13; Status status = 15;
  }
  message ScopeSpans { Scope scope = 1; repeated Span spans = 2; }
  message ResourceSpans { Resource resource = 1; repeated ScopeSpans scope_spans = 2; }
  message ExportTraceServiceRequest { repeated ResourceSpans resource_spans = 1; }
`);
const Request = root.lookupType("ExportTraceServiceRequest");

/** OTLP numbers of the span kinds. */
export const KINDS = ["unspecified", "internal", "server", "client", "producer", "consumer"] as const;

/** A span as it was exported; ids in hex, times in nanoseconds. */
export interface ReceivedSpan {
  readonly service: string;
  readonly name: string;
  readonly kind: (typeof KINDS)[number];
  readonly traceId: string;
  readonly spanId: string;
  /** Empty at the root. */
  readonly parentId: string;
  readonly startNs: bigint;
  readonly endNs: bigint;
  readonly attributes: Readonly<Record<string, unknown>>;
  readonly links: readonly { readonly traceId: string; readonly spanId: string }[];
  /** 0 unset, 1 ok, 2 error. */
  readonly status: number;
}

/** A running receiver. */
export interface OtlpReceiver {
  /** For OTEL_EXPORTER_OTLP_ENDPOINT. */
  readonly url: string;
  readonly spans: ReceivedSpan[];
  /** The bodies as they came, uncompressed, one after the other. */
  readonly bodies: Buffer[];
  /** Headers of the last request. */
  headers(): Readonly<Record<string, unknown>>;
  /** Resolves when `found` says so; rejects after `ms`. */
  until(found: (spans: readonly ReceivedSpan[]) => boolean, ms?: number): Promise<void>;
  stop(): Promise<void>;
}

/** Starts one on a free loopback port. */
export async function startOtlpReceiver(): Promise<OtlpReceiver> {
  const spans: ReceivedSpan[] = [];
  const bodies: Buffer[] = [];
  let last: Readonly<Record<string, unknown>> = {};
  const server = createServer((request, response) => {
    void readBody(request).then((body) => {
      last = request.headers;
      if (request.method !== "POST" || request.url !== "/v1/traces") return response.writeHead(404).end();
      bodies.push(body);
      const json = request.headers["content-type"] === "application/json";
      spans.push(...(json ? readSpans(JSON.parse(body.toString()) as WireRequest, "hex") : decodeSpans(body)));
      return response.writeHead(200, { "content-type": "application/x-protobuf" }).end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    spans,
    bodies,
    headers: () => last,
    until: async (found, ms = 10_000) => {
      for (const deadline = Date.now() + ms; !found(spans); await sleep(20)) {
        if (Date.now() > deadline) throw new Error(`not found among ${spans.length} spans:\n${printTree(spans)}`);
      }
    },
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** Names of all spans, indented below their parents, in order of their start; for messages and for comparing whole trees. */
export function printTree(spans: readonly ReceivedSpan[]): string {
  const ids = new Set(spans.map(({ spanId }) => spanId));
  const ordered = [...spans].sort((a, b) => Number(a.startNs - b.startNs));
  const below = (parent: string, depth: number): string[] =>
    ordered
      .filter(({ parentId }) => parentId === parent)
      .flatMap((span) => [`${"  ".repeat(depth)}${span.kind} ${span.name}`, ...below(span.spanId, depth + 1)]);
  const orphans = ordered.filter(({ parentId }) => parentId !== "" && !ids.has(parentId));
  return [
    ...below("", 0),
    ...orphans.flatMap((span) => [`orphan ${span.kind} ${span.name}`, ...below(span.spanId, 1)]),
  ].join("\n");
}

async function readBody(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const body = Buffer.concat(chunks);
  return request.headers["content-encoding"] === "gzip" ? gunzipSync(body) : body;
}

interface WireKeyValue {
  key: string;
  value?: Record<string, unknown>;
}
interface WireSpan {
  traceId: string;
  spanId: string;
  parentSpanId?: string;
  name: string;
  kind: number;
  startTimeUnixNano: string;
  endTimeUnixNano: string;
  attributes?: WireKeyValue[];
  links?: { traceId: string; spanId: string }[];
  status?: { code?: number };
}
interface WireRequest {
  resourceSpans?: { resource?: { attributes?: WireKeyValue[] }; scopeSpans?: { spans?: WireSpan[] }[] }[];
}

/** The spans of an ExportTraceServiceRequest in protobuf. */
export function decodeSpans(body: Buffer): ReceivedSpan[] {
  return readSpans(Request.toObject(Request.decode(body), { longs: String, bytes: String }) as WireRequest, "base64");
}

/** OTLP's JSON writes ids in hex, protobuf's own JSON mapping in base64. */
function readSpans(request: WireRequest, ids: "hex" | "base64"): ReceivedSpan[] {
  const hex = (id: string) => Buffer.from(id, ids).toString("hex");
  return (request.resourceSpans ?? []).flatMap(({ resource, scopeSpans = [] }) => {
    const service = String(readAttributes(resource?.attributes)["service.name"]);
    return scopeSpans.flatMap(({ spans = [] }) => spans.map((span) => readSpan(service, span, hex)));
  });
}

function readSpan(service: string, span: WireSpan, hex: (id: string) => string): ReceivedSpan {
  return {
    service,
    name: span.name,
    kind: KINDS[span.kind] ?? "unspecified",
    traceId: hex(span.traceId),
    spanId: hex(span.spanId),
    parentId: hex(span.parentSpanId ?? ""),
    startNs: BigInt(span.startTimeUnixNano),
    endNs: BigInt(span.endTimeUnixNano),
    attributes: readAttributes(span.attributes),
    links: (span.links ?? []).map((link) => ({ traceId: hex(link.traceId), spanId: hex(link.spanId) })),
    status: span.status?.code ?? 0,
  };
}

function readAttributes(pairs: WireKeyValue[] = []): Record<string, unknown> {
  return Object.fromEntries(
    pairs.map(({ key, value = {} }) => {
      const [kind = "", raw] = Object.entries(value)[0] ?? [];
      return [key, kind === "intValue" ? Number(raw) : raw];
    }),
  );
}
