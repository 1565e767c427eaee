import { z } from "zod";
import { replyBox } from "../plan/plan-reply.ts";

/** Longest sentence of an annotation, UTF-16 code units. */
const MAX_SENTENCE = 400;

/** The one definition of an annotation reply: validates replies and tells both adapters what to write. */
export function annotationReply(emotions: readonly string[]) {
  const sentence = z.string().min(1).max(MAX_SENTENCE);
  return z.object({
    summary: sentence,
    stimuli: z.array(z.object({ text: sentence, box: replyBox })).length(3),
    overall: sentence,
    emotion: z.enum(emotions as [string, ...string[]]),
  });
}

/** A validated annotation reply. */
export type AnnotationReply = z.infer<ReturnType<typeof annotationReply>>;
