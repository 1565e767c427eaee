import { openModel, type Model } from "@moodifier/inference";
import { mllm } from "@moodifier/proto";
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
import { createOpenAiChat } from "./chat/openai/openai-chat.ts";
import { openOnnxVlm } from "./chat/onnx-vlm.ts";
import type { VisionChat } from "./chat/vision-chat.ts";
import type { Config } from "./config.ts";
import { createPlannerService, mapEmotionError, type PlannerParts } from "./planner-service.ts";
import { openSegmenter } from "./segment/segmenter.ts";
import { warmUp } from "./warm-up.ts";

/**
 * Starts the planner service. Its health turns SERVING once the models are loaded and warm, which is when the promise resolves.
 * A chat server is not asked at the start: it may come up later.
 * @throws MoodError ADDRESS_UNAVAILABLE; InferenceError when a model cannot be opened. Nothing stays open then.
 */
export async function start(config: Config, dependencies: { logger?: Logger } = {}): Promise<RunningService> {
  const logger = dependencies.logger ?? createLogger({ service: "mllm", level: config.logLevel });
  const metrics = createMetrics({ service: "mllm", process: config.metricsPort > 0 });
  const model = await openModel(config.modelDir, { ...placement(config), observer: modelObserver(metrics) });
  const ready = openParts(model, config, logger);
  // Awaited below; until then a failure must not count as unheard.
  ready.catch(() => undefined);
  const queue = new BoundedQueue({
    name: "mllm",
    concurrency: config.chat === "onnx" ? 1 : config.chatConcurrency,
    maxQueue: config.maxQueue,
    metrics,
  });
  const service = { definition: mllm.PlannerService, implementation: createPlannerService(ready, queue) };
  try {
    const server = await serve({
      name: "mllm",
      services: [service],
      config,
      logger,
      metrics,
      serving: false,
      mapError: mapEmotionError,
    });
    try {
      await ready;
    } catch (error) {
      await server.stop();
      throw error;
    }
    server.setServing(true);
    logger.info({ model: model.manifest.id, digest: model.digest, chat: config.chat }, "ready");
    const stop = async () => {
      await server.stop();
      await model.close();
    };
    return { address: server.address, port: server.port, stop };
  } catch (error) {
    await ready.catch(() => undefined);
    await model.close();
    throw error;
  }
}

async function openParts(model: Model, config: Config, logger: Logger): Promise<PlannerParts> {
  const { manifest } = model;
  const { planner } = manifest;
  if (!planner) throw new TypeError(`the manifest of model ${manifest.id} has no planner section`);
  const [chat, segmenter] = await Promise.all([
    openChat(model, config, logger),
    model.has("segmenter") ? openSegmenter(model) : undefined,
  ]);
  const parts: PlannerParts = { chat, segmenter, manifest, planner, domain: planner.domain };
  if (config.chat === "onnx") await warmUp(parts);
  return parts;
}

async function openChat(model: Model, config: Config, logger: Logger): Promise<VisionChat> {
  const { chat, chatUrl, chatModel } = config;
  if (chat === "onnx" || chatUrl === undefined || chatModel === undefined) return openOnnxVlm(model);
  return createOpenAiChat({
    url: chatUrl,
    model: chatModel,
    key: config.chatKey,
    timeoutMs: config.chatTimeoutMs,
    stallMs: config.chatStallMs,
    stream: config.chatStream,
    imageTokens: config.chatImageTokens,
    format: config.chatFormat,
    boxes: config.chatBoxes,
    attempts: config.chatAttempts,
    logger,
  });
}
