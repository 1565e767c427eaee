import type { handleServerStreamingCall, handleUnaryCall, ServerWritableStream, StatusObject } from "@grpc/grpc-js";
import { untilAborted } from "../until-aborted.ts";
import type { CallContext } from "./call.ts";
import { servedCall } from "./observer.ts";

/** Turns a promise-returning function into a unary gRPC handler. A thrown error becomes the call's status (see `toMoodError`). */
export function unary<Request, Response>(
  handler: (request: Request, context: CallContext) => Promise<Response> | Response,
): handleUnaryCall<Request, Response> {
  return (call, callback) => {
    const served = servedCall(call.metadata);
    void (async () => {
      let response: Response;
      try {
        response = await served.run(() => handler(call.request, served.context));
      } catch (status) {
        callback(status as StatusObject);
        return;
      }
      callback(null, response);
    })();
  };
}

/**
 * Turns a function that returns an async iterable (usually an async generator) into a server-streaming gRPC handler. The iterable is pulled only as fast
 * as the caller reads. When the call ends early its `return` is called at once, so `finally` blocks of a generator run.
 */
export function serverStream<Request, Response>(
  handler: (request: Request, context: CallContext) => AsyncIterable<Response>,
): handleServerStreamingCall<Request, Response> {
  return (call) => {
    const served = servedCall(call.metadata);
    const { signal } = served.context;
    void (async () => {
      try {
        await served.run(() => pump(handler(call.request, served.context), call, signal));
        call.end();
      } catch (status) {
        // Ends the stream with this status, after the messages that are still to be sent.
        if (!call.destroyed) call.emit("error", status);
      }
    })();
  };
}

async function pump<Request, Response>(
  messages: AsyncIterable<Response>,
  call: ServerWritableStream<Request, Response>,
  signal: AbortSignal,
): Promise<void> {
  const iterator = messages[Symbol.asyncIterator]();
  let done = false;
  try {
    while (!done) {
      const next = await untilAborted(iterator.next(), signal);
      if (next.done === true) done = true;
      else if (!call.write(next.value)) await untilAborted(drained(call), signal);
    }
  } finally {
    if (!done) await iterator.return?.();
  }
}

function drained(call: { once(event: "drain", listener: () => void): unknown }): Promise<void> {
  return new Promise((resolve) => call.once("drain", resolve));
}
