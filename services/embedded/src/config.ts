import { availableParallelism } from "node:os";
import { chatSettings } from "@moodifier/mllm";
import { modelSettings, serviceSettings } from "@moodifier/service-kit";
import { z } from "zod";

const { host, port, metricsPort, logLevel, drainMs } = serviceSettings;

/** Settings of the whole stack in one process. Environment names: `modelDir` is MOODIFIER_MODEL_DIR and so on. */
export const configSchema = z.object({
  /** Address of the gateway; the model services listen on the loopback interface only. */
  host,
  /** Port of the gateway; 0 picks a free one. The model services always pick free ones. */
  port,
  metricsPort,
  logLevel,
  drainMs: drainMs.default(30_000),
  ...chatSettings,
  modelDir: modelSettings.modelDir,
  device: modelSettings.device,
  precision: modelSettings.precision,
  /** Threads for each model, 1..256. Stages of one edit run one after the other, so each model may use every core up to four. */
  threads: modelSettings.threads.default(Math.min(4, availableParallelism())),
  /** Edits that run at the same time, 1..256: two overlap the planning of one with the denoising of the other. */
  concurrency: z.coerce.number().int().min(1).max(256).default(2),
  /** Edits that may wait, 1..100,000. */
  maxQueue: z.coerce.number().int().min(1).max(100_000).default(64),
  /** Longest time from the creation of an edit to its end, in milliseconds. */
  editTimeoutMs: z.coerce.number().int().min(100).max(3_600_000).default(300_000),
});

/** Checked settings. */
export type Config = z.output<typeof configSchema>;
