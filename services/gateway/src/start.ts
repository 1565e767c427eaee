import "reflect-metadata";
import type { Server } from "node:http";
import type { AddressInfo } from "node:net";
import type { NestExpressApplication } from "@nestjs/platform-express";
import { NestFactory } from "@nestjs/core";
import {
  createLogger,
  followTraces,
  type Logger,
  type MetricsServer,
  type RunningService,
  serveMetrics,
} from "@moodifier/service-kit";
import type { GatewayConfig } from "./config.ts";
import type { Database } from "./database/database.ts";
import { gatewayModule } from "./gateway.module.ts";
import { openParts } from "./gateway-parts.ts";
import { bodyDeadline } from "./http/body-deadline.ts";
import { plainAddress } from "./http/plain-text.ts";
import { createConnectionDrain } from "./http/connection-drain.ts";
import { requestContext } from "./http/request-context.ts";
import type { Moderation } from "./safety/moderation.ts";
import { reportLanes } from "./telemetry/gateway-metrics.ts";
import { httpTelemetry } from "./telemetry/http-telemetry.ts";
import { checkAuthSettings, createAuthenticator } from "./tenants/create-authenticator.ts";

/** Replacements for what `start` would make itself. */
export interface GatewayDeps {
  readonly logger?: Logger;
  /** A migrated database; it stays open. */
  readonly database?: Database;
  /** Already open; the gateway closes it. */
  readonly moderation?: Moderation;
}

/** Longest time that open answers get after the edits have ended, in milliseconds. */
const closeMs = 2000;

/** Starts the gateway. It answers at once; /readyz tells when its backends do. */
export async function start(config: GatewayConfig, deps: GatewayDeps = {}): Promise<RunningService> {
  const logger = deps.logger ?? createLogger({ service: "gateway", level: config.logLevel });
  followTraces();
  checkAuthSettings(config);
  const parts = await openParts(config, logger, deps);
  const authenticator = createAuthenticator(config, parts.database);
  const app = await NestFactory.create<NestExpressApplication>(gatewayModule({ ...parts, authenticator }), {
    logger: false,
    bodyParser: false,
    abortOnError: false,
  });
  app.disable("x-powered-by");
  app.set("etag", false);
  const connections = createConnectionDrain();
  app.use(connections.handler);
  app.use(httpTelemetry(parts.gatewayMetrics));
  app.use(requestContext(logger));
  app.use(plainAddress);
  app.use(bodyDeadline(config.uploadTimeoutMs));
  await app.listen(config.port, config.host);
  parts.gatewayMetrics.role.set({ role: config.role }, 1);
  if (config.role !== "api") await parts.runner.start();
  await parts.batches.start({ runs: config.role !== "api" });
  let metricsServer: MetricsServer | undefined;
  if (config.metricsPort > 0) {
    metricsServer = await serveMetrics(parts.metrics.registry, {
      host: config.host,
      port: config.metricsPort,
      refresh: () =>
        reportLanes(parts.metrics, parts.gatewayMetrics, async () => [
          ...(await parts.store.depths()),
          await parts.batches.store.depth(),
        ]),
    });
  }
  const server = app.getHttpServer() as Server;
  const { port } = server.address() as AddressInfo;
  logger.info({ port, metricsPort: metricsServer?.port, role: config.role }, "serving");

  let stopping: Promise<void> | undefined;
  const stop = async (): Promise<void> => {
    await connections.begin(config.connectionDrainMs);
    // Where the queue is shared, others make the edits that clients wait for here.
    await parts.drain(config.databaseUrl === undefined ? undefined : connections.answered(config.drainMs));
    await closeServer(server);
    await app.close();
    await metricsServer?.stop();
    await parts.close();
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
