import { setTimeout as sleep } from "node:timers/promises";
import type { Server } from "@grpc/grpc-js";
import type { Logger } from "../logger.ts";
import type { Observer } from "./observer.ts";

/** Time that aborted handlers and closing connections get after the drain, milliseconds. */
const FORCE_MS = 2000;

/**
 * Stops a server without losing a running call: refuses new calls, waits up to `drainMs` for the running ones (their answers are on the wire when this
 * resolves), aborts those that are left, and closes the connections.
 */
export async function stopServer(
  server: Server,
  observer: Observer,
  options: { logger: Logger; drainMs: number },
): Promise<void> {
  const { logger, drainMs } = options;
  observer.drain();
  const closed = new Promise<void>((resolve) => {
    server.tryShutdown(() => resolve());
  });
  if (await within(observer.idle(), drainMs)) {
    await within(closed, FORCE_MS);
  } else {
    logger.warn({ calls: observer.abortAll(), drainMs }, "calls outlasted the drain and were aborted");
    await within(observer.idle(), FORCE_MS);
  }
  server.forceShutdown();
  logger.info("stopped");
}

async function within(work: Promise<void>, ms: number): Promise<boolean> {
  const timer = new AbortController();
  const late = sleep(ms, false, { signal: timer.signal }).catch(() => false);
  const inTime = await Promise.race([work.then(() => true), late]);
  timer.abort();
  return inTime;
}
