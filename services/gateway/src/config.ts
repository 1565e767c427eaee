import { serviceSettings } from "@moodifier/service-kit";
import { z } from "zod";
import { jobSettings } from "./jobs/job-config.ts";
import { batchSettings } from "./batches/batch-config.ts";
import { shardSettings } from "./cluster/shard-settings.ts";
import { storageSettings } from "./storage/open-storage.ts";
import { finishingSettings } from "./finishing/finishing-config.ts";
import { safetySettings } from "./safety/safety-config.ts";
import { signingSettings } from "./signing/signing-config.ts";
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
  /** How long answers ask clients to open their next connection elsewhere before a stopping gateway refuses new work, in milliseconds. */
  connectionDrainMs: z.coerce.number().int().min(0).max(60_000).default(0),
  /** How long the body of a request may take to arrive, in milliseconds. */
  uploadTimeoutMs: z.coerce.number().int().min(100).max(300_000).default(120_000),
  ...authSettings,
  ...webhookSettings,
  ...safetySettings,
  ...finishingSettings,
  ...signingSettings,
  /** postgres:// URL; unset takes the embedded database. */
  databaseUrl: z.string().min(1).optional(),
  /** Most connections to PostgreSQL, 2..200. */
  databaseConnections: z.coerce.number().int().min(2).max(200).optional(),
  /** Folder of the embedded database; unset keeps everything in memory. */
  dataDir: z.string().min(1).optional(),
  /** host:port of the planner. */
  mllmAddress: z.string().min(1),
  /** host:port of the encoder. */
  clipAddress: z.string().min(1),
  /** host:port of the editor. */
  diffusionAddress: z.string().min(1),
  ...jobSettings,
  ...storageSettings,
  ...batchSettings,
  ...shardSettings,
  /** Pause between the heartbeats of an event stream, in milliseconds. */
  heartbeatMs: z.coerce.number().int().min(10).max(600_000).default(15_000),
  /** Address under which clients reach the gateway; unset takes it from each request. */
  publicUrl: z.url().optional(),
});

export type GatewayConfig = z.output<typeof configSchema>;
