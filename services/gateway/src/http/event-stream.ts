import type { Response } from "express";

/** One server-sent event. */
export interface StreamEvent {
  /** Event type, one word. */
  readonly event: string;
  /** Sent as JSON. */
  readonly data: unknown;
  readonly id?: string;
}

/** Sends events until `events` ends or `signal` aborts; a comment each `heartbeatMs` keeps proxies from closing the connection. */
export async function sendEvents(
  response: Response,
  events: AsyncIterable<StreamEvent>,
  options: { signal: AbortSignal; heartbeatMs: number },
): Promise<void> {
  response.status(200);
  response.setHeader("Content-Type", "text/event-stream; charset=utf-8");
  response.setHeader("Cache-Control", "no-store, no-transform");
  response.setHeader("X-Accel-Buffering", "no");
  response.flushHeaders();
  response.write("retry: 1000\n\n");
  const heartbeat = setInterval(() => response.write(": alive\n\n"), options.heartbeatMs);
  try {
    for await (const event of events) {
      if (options.signal.aborted) break;
      if (!response.write(format(event))) await drained(response, options.signal);
    }
  } finally {
    clearInterval(heartbeat);
    response.end();
  }
}

function format({ event, data, id }: StreamEvent): string {
  return `${id === undefined ? "" : `id: ${id}\n`}event: ${event}\ndata: ${JSON.stringify(data)}\n\n`;
}

function drained(response: Response, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      response.off("drain", done);
      signal.removeEventListener("abort", done);
      resolve();
    };
    response.on("drain", done);
    signal.addEventListener("abort", done, { once: true });
  });
}
