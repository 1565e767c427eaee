import { EMOTIONS } from "@moodifier/emotion";
import { decodeImage, type Picture } from "@moodifier/inference";
import { mllm, type common } from "@moodifier/proto";
import { MoodError, unary, type BoundedQueue } from "@moodifier/service-kit";
import { annotate } from "./annotate/annotate.ts";
import { expandEmotion } from "./emotion/emotion-book.ts";
import { createSquareView } from "./picture/square-view.ts";
import { readMission, type PlannerManifest } from "./plan/mission-request.ts";
import { planEdit, type PlanningParts } from "./plan/plan-edit.ts";
import { toBox } from "./plan/region-masks.ts";
import { checkPrompts, segmentPicture } from "./segment/segment-request.ts";

/** The opened models. */
export type PlannerParts = PlanningParts & { planner: PlannerManifest };

/**
 * The handlers of mllm.v1.Planner. Arguments are checked before a request takes a place in the queue; requests that come before the
 * models are ready wait for them.
 * @param ready rejects when the models cannot be opened.
 */
export function createPlannerService(ready: Promise<PlannerParts>, queue: BoundedQueue): mllm.PlannerServer {
  return {
    planEdit: unary(async (request: mllm.PlanEditRequest, { signal, stage }) => {
      const parts = await ready;
      const mission = readMission(request, parts.planner);
      const picture = await decodePicture(request.image, signal);
      const plan = await queue.run(() => planEdit(parts, picture, mission, stage, signal), { signal });
      return { plan };
    }),
    annotate: unary(async (request: mllm.AnnotateRequest, { signal, stage }) => {
      const { chat } = await ready;
      const view = await createSquareView(await decodePicture(request.image, signal));
      const annotation = await queue.run(() => stage("annotate", () => annotate(chat, view, EMOTIONS, signal)), {
        signal,
      });
      const stimuli = annotation.stimuli.map(({ text, box }) => ({ text, box: toBox(box) }));
      return { ...annotation, stimuli, modelId: chat.modelId };
    }),
    expandEmotion: unary(({ emotion, context }: mllm.ExpandEmotionRequest) => ({
      descriptors: expandEmotion(emotion, context),
    })),
    segment: unary(async (request: mllm.SegmentRequest, { signal, stage }) => {
      const { segmenter } = await ready;
      if (!segmenter) {
        throw new MoodError(
          "FAILED_PRECONDITION",
          "SEGMENTER_MISSING",
          "this model family has no segmenter; plans use boxes",
        );
      }
      checkPrompts(request.prompts, segmenter.labels);
      const picture = await decodePicture(request.image, signal);
      const draw = () => stage("segment", () => segmentPicture(segmenter, picture, request.prompts, signal));
      return { masks: await queue.run(draw, { signal }) };
    }),
  };
}

async function decodePicture(image: common.Image | undefined, signal: AbortSignal): Promise<Picture> {
  if (!image) throw new MoodError("INVALID_ARGUMENT", "IMAGE_MISSING", "image is required");
  return decodeImage(image.data, { signal });
}
