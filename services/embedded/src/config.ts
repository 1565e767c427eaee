import { availableParallelism } from "node:os";
import { configSchema as gatewaySchema } from "@moodifier/gateway";
import { chatSettings, checkChat } from "@moodifier/mllm";
import { modelSettings } from "@moodifier/service-kit";
import { z } from "zod";

const {
  mllmAddress: _mllm,
  clipAddress: _clip,
  diffusionAddress: _diffusion,
  ...gatewaySettings
} = gatewaySchema.shape;

/**
 * Settings of the whole stack in one process: the gateway's, without the addresses of the model services, and the models'. Environment names: `modelDir` is MOODIFIER_MODEL_DIR and so on. `host` and
 * `port` are the gateway's; the model services listen on free ports of the loopback interface.
 */
export const configSchema = z
  .object({
    ...gatewaySettings,
    drainMs: gatewaySettings.drainMs.default(30_000),
    ...chatSettings,
    modelDir: modelSettings.modelDir,
    device: modelSettings.device,
    precision: modelSettings.precision,
    prepack: modelSettings.prepack,
    /** Threads for each model, 1..256. Stages of one edit run one after the other, so each model may use every core up to four. */
    threads: modelSettings.threads.default(Math.min(4, availableParallelism())),
  })
  .superRefine(checkChat);

/** Checked settings. */
export type Config = z.output<typeof configSchema>;
