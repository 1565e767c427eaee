import type { Client, Metadata, MethodDefinition, ServiceError } from "@grpc/grpc-js";
import { context as otel, SpanKind } from "@opentelemetry/api";
import { toMoodError } from "../errors/conversion.ts";
import { fromServiceError, type Peer } from "../errors/grpc-status.ts";
import { MoodError } from "../errors/mood-error.ts";
import type { Metrics } from "../telemetry/metrics.ts";
import { ATTRIBUTES } from "../telemetry/telemetry-names.ts";
import { endSpan, startSpan, traceMetadata } from "../telemetry/trace.ts";
import type { CallOptions } from "./call-options.ts";
import { pauseBeforeRetry, type RetryPolicy } from "./retry.ts";

/** A connection to one service and the manners of its calls. */
export interface Channel {
  readonly client: Client;
  readonly peer: Peer;
  readonly deadlineMs: number;
  readonly retry: RetryPolicy;
  readonly metrics: Metrics | undefined;
}

type Method<Request, Response> = MethodDefinition<Request, Response>;

/** Makes a unary call, again where the policy says so. */
export async function requestUnary<Q, A>(
  channel: Channel,
  method: Method<Q, A>,
  request: Q,
  options: CallOptions,
): Promise<A> {
  const call = new OutgoingCall(channel, method.path, options);
  for (let attempt = 1; ; attempt += 1) {
    try {
      const answer = await attemptUnary(call, method, request);
      call.succeed();
      return answer;
    } catch (error) {
      await call.failOrPause(error, attempt);
    }
  }
}

/** Makes a server-streaming call, again where the policy says so and nothing has arrived yet. */
export async function* requestStream<Q, A>(
  channel: Channel,
  method: Method<Q, A>,
  request: Q,
  options: CallOptions,
): AsyncIterableIterator<A> {
  const call = new OutgoingCall(channel, method.path, options);
  let arrived = false;
  try {
    for (let attempt = 1; ; attempt += 1) {
      try {
        for await (const message of attemptStream(call, method, request)) {
          arrived = true;
          yield message;
        }
        call.succeed();
        return;
      } catch (error) {
        if (arrived) throw call.fail(error);
        await call.failOrPause(error, attempt);
      }
    }
  } finally {
    call.abandon();
  }
}

function attemptUnary<Q, A>(call: OutgoingCall, method: Method<Q, A>, request: Q): Promise<A> {
  const { client } = call.channel;
  return new Promise((resolve, reject) => {
    const done = (error: ServiceError | null, answer?: A) => {
      call.signal?.removeEventListener("abort", cancel);
      if (error) reject(error);
      else resolve(answer as A);
    };
    const { path, requestSerialize, responseDeserialize } = method;
    call.signal?.throwIfAborted();
    const sent = client.makeUnaryRequest(
      path,
      requestSerialize,
      responseDeserialize,
      request,
      call.metadata(),
      { deadline: call.deadline },
      done,
    );
    const cancel = () => sent.cancel();
    call.signal?.addEventListener("abort", cancel, { once: true });
  });
}

async function* attemptStream<Q, A>(call: OutgoingCall, method: Method<Q, A>, request: Q): AsyncIterableIterator<A> {
  call.signal?.throwIfAborted();
  const { path, requestSerialize, responseDeserialize } = method;
  const { client } = call.channel;
  const sent = client.makeServerStreamRequest(path, requestSerialize, responseDeserialize, request, call.metadata(), {
    deadline: call.deadline,
  });
  // After an early exit the CANCELLED status arrives when nobody listens any more.
  sent.on("error", () => undefined);
  const cancel = () => sent.cancel();
  call.signal?.addEventListener("abort", cancel, { once: true });
  try {
    yield* sent as AsyncIterable<A>;
  } finally {
    call.signal?.removeEventListener("abort", cancel);
    sent.cancel();
  }
}

/** One call over all its attempts: deadline, cancellation, span and record. */
class OutgoingCall {
  readonly channel: Channel;
  readonly signal: AbortSignal | undefined;
  /** Epoch milliseconds. */
  readonly deadline: number;
  readonly #options: CallOptions;
  readonly #method: string;
  readonly #span;
  readonly #startedAt = performance.now();
  #over = false;

  constructor(channel: Channel, path: string, options: CallOptions) {
    this.channel = channel;
    this.#options = options;
    this.#method = path.slice(1);
    const signals = [options.signal, options.parent?.signal].filter((signal) => signal !== undefined);
    this.signal = signals.length > 1 ? AbortSignal.any(signals) : signals[0];
    this.deadline = Math.min(
      Date.now() + (options.deadlineMs ?? channel.deadlineMs),
      options.parent?.deadline ?? Infinity,
    );
    this.#span = startSpan(this.#method, {
      kind: SpanKind.CLIENT,
      parent: options.trace ?? options.parent?.trace ?? otel.active(),
      attributes: {
        [ATTRIBUTES.rpcSystem]: "grpc",
        [ATTRIBUTES.rpcMethod]: this.#method,
        ...peerAttributes(channel.peer.address),
      },
    });
  }

  metadata(): Metadata {
    const metadata = traceMetadata(this.#span.context);
    for (const [key, value] of Object.entries(this.#options.metadata ?? {})) metadata.set(key, value);
    return metadata;
  }

  succeed(): void {
    this.#end(undefined);
  }

  /** The caller left the stream before its end. */
  abandon(): void {
    this.#end(new MoodError("CANCELLED", "CANCELLED", "the caller left the stream"));
  }

  /** Ends the call with the error that it returns. */
  fail(error: unknown): MoodError {
    const failure = this.#toFailure(error);
    this.#end(failure);
    return failure;
  }

  /** Returns when another attempt should be made, throws the call's error otherwise. */
  async failOrPause(error: unknown, attempt: number): Promise<void> {
    const failure = this.#toFailure(error);
    const { metrics, retry } = this.channel;
    const onRetry = () => {
      metrics?.rpcClientRetries.inc({ rpc_method: this.#method });
      this.#span.span.setAttribute(ATTRIBUTES.rpcResends, attempt);
    };
    const again = await pauseBeforeRetry(failure, attempt, retry, {
      signal: this.signal,
      deadline: this.deadline,
      onRetry,
    });
    if (!again) throw this.fail(this.signal?.aborted === true ? this.signal.reason : failure);
  }

  #toFailure(error: unknown): MoodError {
    if (this.signal?.aborted === true) return toMoodError(this.signal.reason, this.signal);
    return isServiceError(error) ? fromServiceError(error, this.channel.peer) : toMoodError(error);
  }

  #end(failure: MoodError | undefined): void {
    if (this.#over) return;
    this.#over = true;
    const status = failure?.code ?? "OK";
    const seconds = (performance.now() - this.#startedAt) / 1000;
    const labels = { rpc_method: this.#method, rpc_response_status_code: status };
    this.channel.metrics?.rpcClientDuration.observe(labels, seconds, this.#span.context);
    this.#span.span.setAttribute(ATTRIBUTES.rpcStatus, status);
    endSpan(this.#span.span, failure);
  }
}

/** host:port, or a grpc-js target such as dns:///host:port, as attributes. */
function peerAttributes(address: string): Record<string, string | number> {
  const match = /^(?:[a-z-]+:\/*)?(.+):(\d+)$/.exec(address);
  const [, host = address, port] = match ?? [];
  return { [ATTRIBUTES.serverAddress]: host, ...(port !== undefined && { [ATTRIBUTES.serverPort]: Number(port) }) };
}

function isServiceError(error: unknown): error is ServiceError {
  return error instanceof Error && "code" in error && typeof error.code === "number" && "details" in error;
}
