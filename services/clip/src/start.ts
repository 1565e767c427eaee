import { EMOTIONS_27 } from "@moodifier/emotion";
import { openModel, type Model } from "@moodifier/inference";
import { clip } from "@moodifier/proto";
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
import { ImageEncoder } from "./encode/image-encoder.ts";
import { TextEncoder, type EncoderLimits } from "./encode/text-encoder.ts";
import { createEncoderService, type EncoderParts } from "./encoder-service.ts";
import { EmotionScorer } from "./score/emotion-scorer.ts";

/** Requests in work at the same time: enough to fill a batch from several callers. */
const CONCURRENCY = 32;

/**
 * Starts the encoder service. Its health turns SERVING once the model is loaded and warm, which is when the promise resolves.
 * @throws MoodError ADDRESS_UNAVAILABLE; InferenceError when the model cannot be opened. Nothing stays open then.
 */
export async function start(config: Config, dependencies: { logger?: Logger } = {}): Promise<RunningService> {
  const logger = dependencies.logger ?? createLogger({ service: "clip", level: config.logLevel });
  const metrics = createMetrics({ service: "clip", process: config.metricsPort > 0 });
  const model = await openModel(config.modelDir, { ...placement(config), observer: modelObserver(metrics) });
  const limits: EncoderLimits = {
    maxBatch: config.maxBatch,
    maxDelayMs: config.batchDelayMs,
    cacheBytes: config.textCacheMib * 2 ** 20,
    onBatch: (queue, size, reason) => {
      metrics.batchSize.observe({ queue }, size);
      metrics.batchDispatches.inc({ queue, reason });
    },
    onLookup: (found) => metrics.cacheRequests.inc({ cache: "text", result: found ? "hit" : "miss" }),
  };
  const ready = openParts(model, limits);
  // Awaited below; until then a failure must not count as unheard.
  ready.catch(() => undefined);
  const queue = new BoundedQueue({ name: "clip", concurrency: CONCURRENCY, maxQueue: config.maxQueue, metrics });
  const service = { definition: clip.EncoderService, implementation: createEncoderService(ready, queue) };
  const close = async () => {
    const parts = await ready.catch(() => undefined);
    parts?.texts.close();
    parts?.images.close();
    await model.close();
  };
  try {
    const server = await serve({ name: "clip", services: [service], config, logger, metrics, serving: false });
    try {
      await ready;
    } catch (error) {
      await server.stop();
      throw error;
    }
    server.setServing(true);
    logger.info({ model: model.manifest.id, digest: model.digest }, "ready");
    const stop = async () => {
      await server.stop();
      await close();
    };
    return { address: server.address, port: server.port, stop };
  } catch (error) {
    await close();
    throw error;
  }
}

/** Opens both towers and encodes the sentences of the emotions, which also warms the text tower. */
async function openParts(model: Model, limits: EncoderLimits): Promise<EncoderParts> {
  const [texts, images] = await Promise.all([TextEncoder.open(model, limits), ImageEncoder.open(model, limits)]);
  const { emotionPrompts, text, id } = model.manifest;
  const scorer = await EmotionScorer.create(EMOTIONS_27, emotionPrompts, text.logitScale, async (sentences) => {
    const tokens = texts.tokenize(sentences, false);
    const length = texts.paddedLength(tokens);
    const encoded = await Promise.all(tokens.map((item) => texts.encode(item, length)));
    return encoded.map(({ pooled }) => pooled);
  });
  await images.warm();
  return { modelId: `${id}@${model.digest.slice(0, 12)}`, texts, images, scorer };
}
