import { descriptors, EMOTIONS, EmotionError, findEmotion } from "@moodifier/emotion";
import { checkProportions, decodeImage, type Picture } from "@moodifier/inference";
import { mllm, type common } from "@moodifier/proto";
import { MoodError, unary, type BoundedQueue } from "@moodifier/service-kit";
import { annotate } from "./annotate/annotate.ts";
import { ChatError } from "./chat/vision-chat.ts";
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
      const image = checkImage(request.image);
      const work = async () => planEdit(parts, await decodeEditable(image, signal), mission, stage, signal);
      return { plan: await queue.run(work, { signal }) };
    }),
    annotate: unary(async (request: mllm.AnnotateRequest, { signal, stage }) => {
      const { chat } = await ready;
      const image = checkImage(request.image);
      const annotation = await queue.run(
        async () => {
          const view = await createSquareView(await decode(image, signal));
          return stage("annotate", () => annotate(chat, view, EMOTIONS, signal));
        },
        { signal },
      );
      const stimuli = annotation.stimuli.map(({ text, box }) => ({ text, box: toBox(box) }));
      return { ...annotation, stimuli, modelId: chat.modelId };
    }),
    expandEmotion: unary(({ emotion, context }: mllm.ExpandEmotionRequest) => ({
      descriptors: descriptors(findEmotion(emotion), context),
    })),
    segment: unary(async (request: mllm.SegmentRequest, { signal, stage }) => {
      const { segmenter } = await ready;
      if (!segmenter) {
        const text = "this model family has no segmenter; plans use boxes";
        throw new MoodError("FAILED_PRECONDITION", "SEGMENTER_MISSING", text);
      }
      checkPrompts(request.prompts, segmenter.labels);
      const image = checkImage(request.image);
      const masks = await queue.run(
        async () => {
          const picture = await decodeEditable(image, signal);
          return stage("segment", () => segmentPicture(segmenter, picture, request.prompts, signal));
        },
        { signal },
      );
      return { masks };
    }),
  };
}

/** The encoded picture. It is decoded in the queue, which bounds the memory of decoded pictures. */
function checkImage(image: common.Image | undefined): common.Image {
  if (!image) throw new MoodError("INVALID_ARGUMENT", "IMAGE_MISSING", "image is required");
  return image;
}

function decode({ data, mediaType }: common.Image, signal: AbortSignal): Promise<Picture> {
  return decodeImage(data, { mediaType, signal });
}

/** A picture of the proportions that the editor takes: what cannot be edited is not planned for. */
async function decodeEditable(image: common.Image, signal: AbortSignal): Promise<Picture> {
  const picture = await decode(image, signal);
  checkProportions(picture);
  return picture;
}

/**
 * The errors of which the caller sees more than code, reason and message: an unknown emotion or context has the names that were probably
 * meant in `details.near`; a chat server that is left alone for a while has `details.retryAfterSeconds`.
 */
export function mapError(error: unknown): MoodError | undefined {
  if (error instanceof EmotionError) {
    const { reason, message, near } = error;
    return new MoodError("INVALID_ARGUMENT", reason, message, { details: { near }, cause: error });
  }
  if (error instanceof ChatError && error.retryAfterMs !== undefined) {
    const { code, reason, message, retryAfterMs } = error;
    const retryAfterSeconds = Math.ceil(retryAfterMs / 1000);
    return new MoodError(code, reason, message, { details: { retryAfterSeconds }, cause: error });
  }
  return undefined;
}
