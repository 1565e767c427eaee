import { modelSettings, serviceSettings } from "@moodifier/service-kit";
import { z } from "zod";

/** Settings of the encoder service. Environment names: `maxBatch` is MOODIFIER_MAX_BATCH and so on. */
export const configSchema = z.object({
  ...serviceSettings,
  ...modelSettings,
  /** Texts or pictures in one run of the model, 1..256. */
  maxBatch: z.coerce.number().int().min(1).max(256).default(16),
  /** How long the first item of a batch waits for others, milliseconds, 0..1000. */
  batchDelayMs: z.coerce.number().min(0).max(1000).default(2),
  /** Memory for encoded texts that may be asked for again, MiB, 0..65,536; 0 remembers none. */
  textCacheMib: z.coerce.number().min(0).max(65_536).default(32),
});

/** Checked settings. */
export type Config = z.infer<typeof configSchema>;
