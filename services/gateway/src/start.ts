import "reflect-metadata";
import type { Server } from "node:http";
import type { AddressInfo } from "node:net";
import type { NestExpressApplication } from "@nestjs/platform-express";
import { NestFactory } from "@nestjs/core";
import {
  createLogger,
  createMetrics,
  followTraces,
  type Logger,
  type MetricsServer,
  type RunningService,
  serveMetrics,
} from "@moodifier/service-kit";
import { type Backends, connectBackends } from "./backends/backends.ts";
import type { GatewayConfig } from "./config.ts";
import { openDatabase } from "./database/open-database.ts";
import { createEditWork } from "./edits/edit-work.ts";
import { gatewayModule } from "./gateway.module.ts";
import { requestContext } from "./http/request-context.ts";
import { JobRunner } from "./jobs/job-runner.ts";
import { MemoryJobStore } from "./jobs/memory-job-store.ts";
import { createGatewayMetrics } from "./telemetry/gateway-metrics.ts";
import { httpTelemetry } from "./telemetry/http-telemetry.ts";
import { checkAuthSettings, createAuthenticator } from "./tenants/create-authenticator.ts";

/** Replacements for what `start` would make itself. */
export interface GatewayDeps {
  readonly logger?: Logger;
}

/** Longest time that open answers get after the edits have ended, in milliseconds. */
const closeMs = 2000;

/** Starts the gateway. It answers at once; /readyz tells when its backends do. */
export async function start(config: GatewayConfig, deps: GatewayDeps = {}): Promise<RunningService> {
  const logger = deps.logger ?? createLogger({ service: "gateway", level: config.logLevel });
  followTraces();
  const metrics = createMetrics({ service: "gateway", process: true });
  const gatewayMetrics = createGatewayMetrics(metrics);
  const { mllmAddress: mllm, clipAddress: clip, diffusionAddress: diffusion } = config;
  checkAuthSettings(config);
  const backends = connectBackends({ mllm, clip, diffusion }, metrics);
  const database = await openDatabase(config, logger);
  const authenticator = createAuthenticator(config, database);
  const store = new MemoryJobStore({
    maxQueued: config.maxQueue,
    retentionMs: config.retentionMs,
    maxFinished: config.maxFinished,
  });
  const work = createEditWork(backends, metrics);
  const runner = new JobRunner(
    store,
    work,
    { concurrency: config.concurrency, timeoutMs: config.editTimeoutMs },
    { logger, metrics },
  );

  const app = await NestFactory.create<NestExpressApplication>(
    gatewayModule({ config, logger, backends, store, runner, database, authenticator }),
    { logger: false, bodyParser: false, abortOnError: false },
  );
  app.disable("x-powered-by");
  app.set("etag", false);
  app.use(httpTelemetry(gatewayMetrics));
  app.use(requestContext(logger));
  await app.listen(config.port, config.host);
  let metricsServer: MetricsServer | undefined;
  if (config.metricsPort > 0) {
    metricsServer = await serveMetrics(metrics.registry, { host: config.host, port: config.metricsPort });
  }
  const server = app.getHttpServer() as Server;
  const { port } = server.address() as AddressInfo;
  logger.info({ port, metricsPort: metricsServer?.port }, "serving");

  let stopping: Promise<void> | undefined;
  const stop = async (): Promise<void> => {
    const drained = runner.stop(config.drainMs);
    await store.close();
    await drained;
    await closeServer(server);
    await app.close();
    await metricsServer?.stop();
    (backends satisfies Backends).close();
    await database.close();
    logger.info("stopped");
  };
  return { address: `${config.host}:${port}`, port, stop: () => (stopping ??= stop()) };
}

/** Lets open answers end, then closes what is left: a client may hold an event stream or an idle connection for ever. */
async function closeServer(server: Server): Promise<void> {
  await new Promise<void>((resolve) => {
    const timer = setTimeout(() => server.closeAllConnections(), closeMs);
    server.close(() => {
      clearTimeout(timer);
      resolve();
    });
    server.closeIdleConnections();
  });
}
