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
  type Metrics,
  type RunningService,
} from "@moodifier/service-kit";
import { poolChats } from "./chat/chat-pool.ts";
import { createOpenAiChat } from "./chat/openai/openai-chat.ts";
import { openOnnxVlm } from "./chat/onnx-vlm.ts";
import type { VisionChat } from "./chat/vision-chat.ts";
import type { Config } from "./config.ts";
import { createPlannerService, mapError, type PlannerParts } from "./planner-service.ts";
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
  const models = await openCopies(config, metrics);
  const ready = openParts(models, config, logger);
  // Awaited below; until then a failure must not count as unheard.
  ready.catch(() => undefined);
  const queue = new BoundedQueue({
    name: "mllm",
    concurrency: config.chat === "onnx" ? models.length : config.chatConcurrency,
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
      mapError,
    });
    try {
      await ready;
    } catch (error) {
      await server.stop();
      throw error;
    }
    server.setServing(true);
    const [{ manifest, digest }] = models;
    logger.info({ model: manifest.id, digest, chat: config.chat }, "ready");
    const stop = async () => {
      await server.stop();
      await closeAll(models);
    };
    return { address: server.address, port: server.port, stop };
  } catch (error) {
    await ready.catch(() => undefined);
    await closeAll(models);
    throw error;
  }
}

/** The model folder as often as planners are wanted; a chat server needs it once, for the masks. */
async function openCopies(config: Config, metrics: Metrics): Promise<[Model, ...Model[]]> {
  const count = config.chat === "onnx" ? config.planners : 1;
  const threads = Math.max(1, Math.floor(config.threads / count));
  const open = () => openModel(config.modelDir, { ...placement(config), threads, observer: modelObserver(metrics) });
  const models: [Model, ...Model[]] = [await open()];
  try {
    while (models.length < count) models.push(await open());
  } catch (error) {
    await closeAll(models);
    throw error;
  }
  return models;
}

async function closeAll(models: readonly Model[]): Promise<void> {
  await Promise.all(models.map((model) => model.close()));
}

async function openParts(models: readonly [Model, ...Model[]], config: Config, logger: Logger): Promise<PlannerParts> {
  const [model] = models;
  const { manifest } = model;
  const { planner } = manifest;
  if (!planner) throw new TypeError(`the manifest of model ${manifest.id} has no planner section`);
  const [chat, segmenter] = await Promise.all([
    openChat(models, config, logger),
    model.has("segmenter") ? openSegmenter(model) : undefined,
  ]);
  const parts: PlannerParts = { chat, segmenter, manifest, planner, domain: planner.domain };
  // As many at once as there are copies: each warms up.
  if (config.chat === "onnx") await Promise.all(models.map(() => warmUp(parts)));
  return parts;
}

async function openChat(models: readonly [Model, ...Model[]], config: Config, logger: Logger): Promise<VisionChat> {
  const { chat, chatUrl, chatModel } = config;
  if (chat === "onnx" || chatUrl === undefined || chatModel === undefined) {
    const [first, ...others] = models;
    return poolChats([await openOnnxVlm(first), ...(await Promise.all(others.map(openOnnxVlm)))]);
  }
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
