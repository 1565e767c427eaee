import { serviceSettings } from "@moodifier/service-kit";
import { z } from "zod";
import { finishingSettings } from "./finishing/finishing-config.ts";
import { safetySettings } from "./safety/safety-config.ts";
import { authSettings } from "./tenants/auth-config.ts";
import { webhookSettings } from "./webhooks/webhook-config.ts";

const { host, port, metricsPort, logLevel, drainMs } = serviceSettings;

/** Settings of the gateway; each is an environment variable, for example `MOODIFIER_MLLM_ADDRESS`. */
export const configSchema = z.object({
  host,
  port,
  metricsPort,
  logLevel,
  drainMs,
  ...authSettings,
  ...webhookSettings,
  ...safetySettings,
  ...finishingSettings,
  /** postgres:// URL; unset takes the embedded database. */
  databaseUrl: z.string().min(1).optional(),
  /** Most connections to PostgreSQL, 1..200. */
  databaseConnections: z.coerce.number().int().min(1).max(200).optional(),
  /** Folder of the embedded database; unset keeps everything in memory. */
  dataDir: z.string().min(1).optional(),
  /** host:port of the planner. */
  mllmAddress: z.string().min(1),
  /** host:port of the encoder. */
  clipAddress: z.string().min(1),
  /** host:port of the editor. */
  diffusionAddress: z.string().min(1),
  /** Edits that run at the same time, 1..256. */
  concurrency: z.coerce.number().int().min(1).max(256).default(2),
  /** Edits that may wait, 1..100,000; a further one is refused. */
  maxQueue: z.coerce.number().int().min(1).max(100_000).default(64),
  /** Longest time from the creation of an edit to its end, in milliseconds. */
  editTimeoutMs: z.coerce.number().int().min(100).max(3_600_000).default(300_000),
  /** How long a finished edit stays readable, in milliseconds. */
  retentionMs: z.coerce.number().int().min(1000).max(86_400_000).default(3_600_000),
  /** Most finished edits that are kept. */
  maxFinished: z.coerce.number().int().min(1).max(100_000).default(256),
  /** Pause between the heartbeats of an event stream, in milliseconds. */
  heartbeatMs: z.coerce.number().int().min(10).max(600_000).default(15_000),
  /** Address under which clients reach the gateway; unset takes it from each request. */
  publicUrl: z.url().optional(),
});

export type GatewayConfig = z.output<typeof configSchema>;
