import type { Box } from "@moodifier/tensor";
import { askUntilValid } from "../chat/ask-until-valid.ts";
import { annotateQuestion, annotateSystem } from "../chat/prompts.ts";
import { ChatError, type VisionChat } from "../chat/vision-chat.ts";
import type { SquareView } from "../picture/square-view.ts";
import { normaliseBox } from "../plan/boxes.ts";
import { describeIssues, extractJson } from "../plan/mission.ts";
import { schemaOf } from "../plan/plan-reply.ts";
import { annotationReply } from "./annotation-reply.ts";

/** The five-sentence caption of a picture; boxes are in the upright picture. */
export type Annotation = {
  summary: string;
  /** Exactly three. */
  stimuli: { text: string; box: Box }[];
  overall: string;
  /** Canonical emotion name. */
  emotion: string;
  rawReply: string;
};

/**
 * Describes a picture.
 * @throws ChatError CHAT_REPLY_INVALID when the model's reply stays invalid: an annotation is never made up.
 */
export async function annotate(
  chat: VisionChat,
  view: SquareView,
  emotions: readonly string[],
  signal?: AbortSignal,
): Promise<Annotation> {
  const shape = annotationReply(emotions);
  const schema = schemaOf(shape);
  const answer = await askUntilValid(
    chat,
    {
      system: annotateSystem(schema),
      question: annotateQuestion(),
      image: view.picture,
      frame: view.frame,
      schema,
      schemaName: "annotation",
      signal,
    },
    (text, { readBox }) => {
      const parsed = shape.safeParse(extractJson(text));
      if (!parsed.success) return { problems: describeIssues(parsed.error) };
      const stimuli = parsed.data.stimuli.map(({ text: sentence, box }) => ({
        text: sentence,
        box: readBox(box),
      }));
      const usable = stimuli.filter((stimulus): stimulus is { text: string; box: Box } => stimulus.box !== undefined);
      if (usable.length < stimuli.length) return { problems: ["a box is not four fractions from 0 to 0.99"] };
      return { value: { ...parsed.data, stimuli: usable } };
    },
  );
  if (!answer.value) {
    throw new ChatError("CHAT_REPLY_INVALID", `the model's description is not usable: ${answer.problems.join("; ")}`);
  }
  const stimuli = answer.value.stimuli.map(({ text, box }) => ({
    text,
    box: normaliseBox(view.toPicture(box)) ?? box,
  }));
  return { ...answer.value, stimuli, rawReply: answer.rawReply };
}
