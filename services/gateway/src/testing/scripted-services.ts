import { setTimeout as sleep } from "node:timers/promises";
import { clip, common, diffusion, mllm } from "@moodifier/proto";
import {
  type BoundedQueue,
  createLogger,
  MoodError,
  type RunningServer,
  serve,
  serverStream,
  unary,
} from "@moodifier/service-kit";

/** How the scripted editor behaves; a test may change it between calls. */
export interface Script {
  steps: number;
  /** Pause of each step, in milliseconds. */
  stepMs: number;
  /** Thrown by the planner. */
  planError?: MoodError;
  /** Edits that run at the same time; others wait. Unset: any number. */
  places?: BoundedQueue;
  /** Picture sent with each step. */
  preview?: Buffer;
  /** Thrown by the segmenter. */
  segmentError?: MoodError;
  /** The parts that the segmenter knows by name; unset: any. */
  parts?: readonly string[];
}

/** What reached the services. */
export interface Record {
  plans: mllm.PlanEditRequest[];
  texts: clip.EncodeTextRequest[];
  segments: mllm.SegmentRequest[];
  edits: diffusion.EditRequest[];
  /** Steps that the editor has run, over all edits. */
  stepsRun: number;
  /** Edits that were told to stop. */
  aborted: number;
}

/** Planner, encoder and editor over real gRPC whose answers follow a script: the models' part is tested elsewhere. */
export interface ScriptedServices {
  readonly script: Script;
  readonly record: Record;
  readonly addresses: { mllmAddress: string; clipAddress: string; diffusionAddress: string };
  readonly servers: { mllm: RunningServer; clip: RunningServer; diffusion: RunningServer };
  /** Stops a service in the middle of its calls and starts it again on the same port after a while. */
  restart(name: "mllm" | "clip" | "diffusion", afterMs: number): Promise<void>;
  stop(): Promise<void>;
}

const preset = { crossReplace: 0.6, selfReplace: 0.3, steps: 4, guidanceScale: 2.5 };

/** Starts the three services on free ports. `picture` is the result of every edit. */
export async function startScriptedServices(picture: Buffer): Promise<ScriptedServices> {
  const script: Script = { steps: 4, stepMs: 1 };
  const record: Record = { plans: [], texts: [], segments: [], edits: [], stepsRun: 0, aborted: 0 };
  const config = { host: "127.0.0.1", port: 0, metricsPort: 0, reflection: false, drainMs: 100 };
  const logger = createLogger({ service: "scripted", level: "silent" });
  const offered = {
    mllm: { definition: mllm.PlannerService, implementation: planner(script, record, picture) },
    clip: { definition: clip.EncoderService, implementation: encoder(record, picture) },
    diffusion: { definition: diffusion.EditorService, implementation: editor(script, record, picture) },
  };
  const start = (name: keyof typeof offered, port = 0) =>
    serve({ name, config: { ...config, port }, logger, services: [offered[name] as never] });
  const servers = { mllm: await start("mllm"), clip: await start("clip"), diffusion: await start("diffusion") };
  return {
    script,
    record,
    servers,
    addresses: {
      mllmAddress: servers.mllm.address,
      clipAddress: servers.clip.address,
      diffusionAddress: servers.diffusion.address,
    },
    restart: async (name, afterMs) => {
      const { port } = servers[name];
      await servers[name].stop();
      await sleep(afterMs);
      servers[name] = await start(name, port);
    },
    stop: async () => {
      await Promise.all(Object.values(servers).map((server) => server.stop()));
    },
  };
}

function planner(script: Script, record: Record, picture: Buffer) {
  return {
    segment: unary((request: mllm.SegmentRequest): mllm.SegmentResponse => {
      record.segments.push(request);
      if (script.segmentError) throw script.segmentError;
      const { parts: known } = script;
      if (known && request.prompts.some(({ text }) => text !== "" && !known.includes(text))) {
        throw new MoodError("INVALID_ARGUMENT", "PART_UNKNOWN", "no such part", { details: { known } });
      }
      return { masks: request.prompts.map(() => ({ maskPng: picture, confidence: 0.9 })) };
    }),
    planEdit: unary((request: mllm.PlanEditRequest): mllm.PlanEditResponse => {
      record.plans.push(request);
      if (script.planError) throw script.planError;
      return {
        plan: {
          emotion: request.emotion,
          intensity: request.intensity ?? 0.8,
          category: "face",
          sourceCaption: "A face.",
          targetPrompt: "A joyful face.",
          kind: common.EditKind.SHAPE,
          regions: [
            {
              label: "mouth",
              box: { x0: 0.25, y0: 0.5, x1: 0.75, y1: 0.75 },
              maskPng: Buffer.alloc(0),
              confidence: 0.9,
            },
          ],
          maskPng: Buffer.alloc(0),
          maskSource: common.MaskSource.WHOLE,
          blendWords: ["joyful"],
          preset,
          modelId: "scripted",
          rawReply: "{}",
          warnings: [{ code: "OUT_OF_DOMAIN", message: "A scripted picture." }],
        },
      };
    }),
  };
}

function encoder(record: Record, picture: Buffer) {
  return {
    scoreEmotions: unary((request: clip.ScoreEmotionsRequest): clip.ScoreEmotionsResponse => {
      // Every result is joyful.
      const joy = request.image?.data.equals(picture) ? 0.75 : 0.25;
      const scores = [
        { emotion: "joy", probability: joy },
        { emotion: "fear", probability: 1 - joy },
      ];
      return { scores, modelId: "scripted" };
    }),
    encodeText: unary((request: clip.EncodeTextRequest): clip.EncodeTextResponse => {
      record.texts.push(request);
      return {
        states: { dims: [3, 1, 1], data: Buffer.alloc(12) },
        tokens: request.texts.map((text) => ({ ids: [1, 2], pieces: ["", text] })),
        modelId: "scripted",
      };
    }),
  };
}

function editor(script: Script, record: Record, picture: Buffer) {
  const image = { data: picture, mediaType: "image/png" };
  return {
    edit: serverStream(async function* (
      request: diffusion.EditRequest,
      { signal },
    ): AsyncGenerator<diffusion.EditEvent> {
      record.edits.push(request);
      using _place = await script.places?.acquire({ signal });
      const { steps, stepMs } = script;
      yield { event: { $case: "accepted", value: { queuedMs: 0, steps } } };
      for (let step = 1; step <= steps; step += 1) {
        try {
          await sleep(stepMs, undefined, { signal });
        } catch {
          record.aborted += 1;
          throw signal.reason;
        }
        record.stepsRun += 1;
        const preview = script.preview && { data: script.preview, mediaType: "image/png" };
        yield { event: { $case: "progress", value: { step, steps, preview } } };
      }
      const { seed = 0n } = request.sampling ?? {};
      yield {
        event: {
          $case: "result",
          value: {
            image,
            outsideMask: { maxAbsDiff: 0, changedPx: 0, totalPx: 10 },
            recipe: {
              method: "moodifier",
              modelId: "scripted",
              modelDigest: "0".repeat(64),
              seed,
              steps,
              timesteps: [9, 5, 3, 1],
              guidanceScale: 2.5,
              crossReplace: 0.6,
              selfReplace: 0.3,
              featherPx: 4,
              width: 64,
              height: 64,
            },
            timings: {
              decodeMs: 1,
              vaeEncodeMs: 1,
              denoiseMs: 1,
              vaeDecodeMs: 1,
              finishMs: 1,
              unetRows: 8,
              unprunedUnetRows: 16,
            },
            warnings: [],
          },
        },
      };
    }),
  };
}
