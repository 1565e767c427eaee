import {
  type ChannelCredentials,
  type ChannelOptions,
  Client,
  credentials,
  type MethodDefinition,
} from "@grpc/grpc-js";
import type { Metrics } from "../telemetry/metrics.ts";
import type { CallOptions } from "./call-options.ts";
import { CLIENT_OPTIONS } from "./limits.ts";
import { type Channel, requestStream, requestUnary } from "./request.ts";
import { checkReadiness } from "./readiness.ts";
import { DEFAULT_RETRY, type RetryPolicy } from "./retry.ts";
import { watchPeers } from "./tcp-keepalive.ts";

/** How to make a client. */
export interface ClientOptions {
  /** What errors call the service; the last part of its proto package's name unless told, for example "diffusion". */
  readonly name?: string;
  /** Milliseconds for calls that state none; 120,000 unless told. */
  readonly deadlineMs?: number;
  readonly retry?: Partial<RetryPolicy>;
  readonly metrics?: Metrics;
  /** Plaintext unless given. */
  readonly credentials?: ChannelCredentials;
  /** Added to, and stronger than, the options of every client. */
  readonly channel?: ChannelOptions;
}

/** A generated client class of ts-proto. */
export interface GeneratedClient<S> {
  new (address: string, credentials: ChannelCredentials, options?: ChannelOptions): Client;
  readonly service: S;
  readonly serviceName: string;
}

/** A unary method: rejects with `MoodError`. */
export type UnaryMethod<Request, Response> = (request: Request, options?: CallOptions) => Promise<Response>;

/** A server-streaming method: the iteration throws `MoodError`; leaving it early cancels the call. */
export type StreamMethod<Request, Response> = (
  request: Request,
  options?: CallOptions,
) => AsyncIterableIterator<Response>;

type MethodOf<D> = D extends {
  readonly requestStream: false;
  readonly responseStream: infer Stream;
  readonly requestSerialize: (value: infer Request) => Buffer;
  readonly responseDeserialize: (value: Buffer) => infer Response;
}
  ? Stream extends true
    ? StreamMethod<Request, Response>
    : UnaryMethod<Request, Response>
  : never;

/** The methods of a service as promises and async iterables. */
export type ServiceClient<S> = { readonly [Name in keyof S]: MethodOf<S[Name]> } & {
  /** host:port of the service. */
  readonly address: string;
  /** Resolves when the service is connected and its health is SERVING; `ms` is the time for that. See `checkReadiness` for the errors. */
  ready(ms: number): Promise<void>;
  /** Closes the connections; running calls end normally. */
  close(): void;
};

/**
 * Creates a client: `createClient(diffusion.EditorClient, "127.0.0.1:7003").edit(request, { signal })`. Nothing connects until the first call. Every call
 * has a deadline and fails with `MoodError`. A call that did not reach the service is made again, a stream only when nothing had arrived.
 */
export function createClient<S extends object>(
  Generated: GeneratedClient<S>,
  address: string,
  options: ClientOptions = {},
): ServiceClient<S> {
  watchPeers();
  const client = new Generated(address, options.credentials ?? credentials.createInsecure(), {
    ...CLIENT_OPTIONS,
    ...options.channel,
  });
  const service = options.name ?? Generated.serviceName.split(".").at(-3) ?? Generated.serviceName;
  const channel: Channel = {
    client,
    peer: { service, address },
    deadlineMs: options.deadlineMs ?? 120_000,
    retry: { ...DEFAULT_RETRY, ...options.retry },
    metrics: options.metrics,
  };
  const methods = Object.entries(Generated.service as Record<string, MethodDefinition<unknown, unknown>>).map(
    ([name, method]) => [
      name,
      (request: unknown, callOptions: CallOptions = {}) =>
        method.responseStream
          ? requestStream(channel, method, request, callOptions)
          : requestUnary(channel, method, request, callOptions),
    ],
  );
  const ready = (ms: number) => checkReadiness(client, channel.peer, Generated.serviceName, ms);
  return { ...Object.fromEntries(methods), address, ready, close: () => client.close() } as ServiceClient<S>;
}
