import { openModel } from "@moodifier/inference";
import { diffusion } from "@moodifier/proto";
import {
  BoundedQueue,
  createLogger,
  createMetrics,
  modelObserver,
  placement,
  serve,
  type Logger,
  type RunningService,
} from "@moodifier/service-kit";
import type { Config } from "./config.ts";
import { createEditorService } from "./editor-service.ts";
import { warmUp } from "./warm-up.ts";

/** Graphs of an edit; loaded before the service answers. */
const ROLES = ["vae_encoder", "denoiser", "vae_decoder"];

/**
 * Starts the editor service once its graphs are loaded and have run once; it serves when the promise resolves. Stopping lets running edits end within the drain time.
 * @throws MoodError ADDRESS_UNAVAILABLE; InferenceError when the model cannot be opened. Nothing stays open then.
 */
export async function start(config: Config, dependencies: { logger?: Logger } = {}): Promise<RunningService> {
  const logger = dependencies.logger ?? createLogger({ service: "diffusion", level: config.logLevel });
  const metrics = createMetrics({ service: "diffusion", process: config.metricsPort > 0 });
  const model = await openModel(config.modelDir, {
    ...placement(config),
    roles: ROLES,
    observer: modelObserver(metrics),
  });
  const queue = new BoundedQueue({
    name: "diffusion",
    concurrency: config.concurrency,
    maxQueue: config.maxQueue,
    metrics,
  });
  const service = { definition: diffusion.EditorService, implementation: createEditorService(model, queue) };
  try {
    await warmUp(model);
    const server = await serve({ name: "diffusion", services: [service], config, logger, metrics });
    const { device } = config;
    logger.info(
      { model: model.manifest.id, digest: model.digest, device, precision: model.precision("denoiser") },
      "ready",
    );
    const stop = async () => {
      await server.stop();
      await model.close();
    };
    return { address: server.address, port: server.port, stop };
  } catch (error) {
    await model.close();
    throw error;
  }
}
