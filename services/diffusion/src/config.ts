import { modelSettings, serviceSettings } from "@moodifier/service-kit";
import { z } from "zod";

/** Settings of the editor service. Environment names: `modelDir` is MOODIFIER_MODEL_DIR and so on. */
export const configSchema = z.object({
  ...serviceSettings,
  ...modelSettings,
  /** Edits that run at the same time, 1..64. They share one inference thread, so more than 1 only overlaps decoding and pasting. */
  concurrency: z.coerce.number().int().min(1).max(64).default(1),
});

/** Checked settings. */
export type Config = z.infer<typeof configSchema>;
