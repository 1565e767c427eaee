import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import type { OpenMetricsContentType, Registry } from "prom-client";

/** A running metrics endpoint. */
export interface MetricsServer {
  readonly port: number;
  stop(): Promise<void>;
}

/** Options of {@link serveMetrics}. */
export interface MetricsServerOptions {
  readonly host: string;
  readonly port: number;
  /** Brings gauges up to date before each answer. When it fails, or takes more than two seconds, they are told as they were. */
  readonly refresh?: () => Promise<void>;
}

const REFRESH_MS = 2000;

/** Serves `GET /metrics` of a registry in the OpenMetrics format over HTTP on a port of its own; port 0 picks a free one. */
export async function serveMetrics(
  registry: Registry<OpenMetricsContentType>,
  options: MetricsServerOptions,
): Promise<MetricsServer> {
  const { refresh = async () => undefined } = options;
  const server = createServer((request, response) => {
    if (request.method !== "GET" || request.url?.split("?")[0] !== "/metrics") {
      response.writeHead(404).end();
      return;
    }
    const fresh = Promise.race([refresh(), sleep(REFRESH_MS, undefined, { ref: false })]).catch(() => undefined);
    const text = fresh.then(() => registry.metrics());
    text.then(
      (body) => response.writeHead(200, { "content-type": registry.contentType }).end(body),
      () => response.writeHead(500).end(),
    );
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(options.port, options.host, resolve);
  });
  return {
    port: (server.address() as AddressInfo).port,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
