import { Server, ServerCredentials, type ServiceDefinition, type UntypedServiceImplementation } from "@grpc/grpc-js";
import { MoodError } from "../errors/mood-error.ts";
import { createLogger, type Logger } from "../logger.ts";
import { createMetrics, type Metrics } from "../telemetry/metrics.ts";
import { type MetricsServer, serveMetrics } from "../telemetry/metrics-server.ts";
import type { CallEnvironment } from "./call.ts";
import { addHealth } from "./health.ts";
import { SERVER_OPTIONS } from "./limits.ts";
import { Observer } from "./observer.ts";
import { addReflection } from "./reflection.ts";
import { stopServer } from "./stop.ts";
import { watchPeers } from "./tcp-keepalive.ts";

/** One service of a server: a generated definition, and handlers made by `unary` and `serverStream`. */
export interface ServedService {
  readonly definition: ServiceDefinition;
  readonly implementation: UntypedServiceImplementation;
}

/** Options of {@link serve}. */
export interface ServeOptions {
  /** Name for logs and metrics, for example "diffusion". */
  readonly name: string;
  readonly services: readonly ServedService[];
  /** The settings of `serviceSettings`. */
  readonly config: {
    readonly host: string;
    readonly port: number;
    readonly metricsPort: number;
    readonly reflection: boolean;
    readonly drainMs: number;
  };
  /** Made from the name unless given. */
  readonly logger?: Logger;
  /** Made from the name unless given. */
  readonly metrics?: Metrics;
  /** Health at the start; true unless told. */
  readonly serving?: boolean;
  /** Turns a library's error into a `MoodError`; undefined leaves it to `toMoodError`. */
  readonly mapError?: CallEnvironment["mapError"];
}

/** A running gRPC server. */
export interface RunningServer {
  /** host:port, for `createClient`. */
  readonly address: string;
  readonly port: number;
  /** Port of the metrics endpoint; 0 when off. */
  readonly metricsPort: number;
  /** Sets the health of one service by its full name, or of the server and all its services. */
  setServing(serving: boolean, service?: string): void;
  /** Health NOT_SERVING, no new calls, running calls finish within `drainMs`, then the rest is aborted. Safe to call twice. */
  stop(): Promise<void>;
}

/**
 * Starts a gRPC server with health, limits, keepalive, metrics, logging, tracing and error mapping; reflection and the metrics endpoint when the
 * configuration says so.
 * @throws MoodError UNAVAILABLE, reason ADDRESS_UNAVAILABLE, when a port cannot be bound.
 */
export async function serve(options: ServeOptions): Promise<RunningServer> {
  watchPeers();
  const { name, config, services } = options;
  const logger = options.logger ?? createLogger({ service: name });
  const metrics = options.metrics ?? createMetrics({ service: name });
  const observer = new Observer({ logger, metrics, mapError: options.mapError });
  const server = new Server({ ...SERVER_OPTIONS, interceptors: [observer.interceptor] });
  for (const { definition, implementation } of services) server.addService(definition, implementation);
  const names = services.map(({ definition }) => serviceName(definition));
  const health = addHealth(server, names, options.serving ?? true);
  if (config.reflection) await addReflection(server, names);

  const port = await bind(server, config.host, config.port);
  let metricsServer: MetricsServer | undefined;
  try {
    if (config.metricsPort > 0)
      metricsServer = await serveMetrics(metrics.registry, { host: config.host, port: config.metricsPort });
  } catch (error) {
    server.forceShutdown();
    throw addressError(config.host, config.metricsPort, error);
  }
  logger.info({ port, metricsPort: metricsServer?.port, services: names }, "serving");

  const stop = async () => {
    health.setServing(false);
    await stopServer(server, observer, { logger, drainMs: config.drainMs });
    await metricsServer?.stop();
  };
  let stopping: Promise<void> | undefined;
  return {
    address: `${hostInAddress(config.host)}:${port}`,
    port,
    metricsPort: metricsServer?.port ?? 0,
    setServing: health.setServing,
    stop: () => (stopping ??= stop()),
  };
}

function serviceName(definition: ServiceDefinition): string {
  const path = Object.values(definition)[0]?.path ?? "";
  return path.split("/")[1] ?? "";
}

function bind(server: Server, host: string, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.bindAsync(`${hostInAddress(host)}:${port}`, ServerCredentials.createInsecure(), (error, bound) => {
      if (error) reject(addressError(host, port, error));
      else resolve(bound);
    });
  });
}

function hostInAddress(host: string): string {
  return host.includes(":") ? `[${host}]` : host;
}

function addressError(host: string, port: number, cause: unknown): MoodError {
  return new MoodError(
    "UNAVAILABLE",
    "ADDRESS_UNAVAILABLE",
    `cannot listen on ${host}, port ${port}; choose another port`,
    { cause },
  );
}
