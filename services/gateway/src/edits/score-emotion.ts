import { type CallOptions, MoodError } from "@moodifier/service-kit";
import { type Backends, callBackend } from "../backends/backends.ts";
import { shorten } from "../backends/float32.ts";
import type { EncodedImage } from "../jobs/job.ts";
import type { ScoresView } from "../jobs/job-parts.ts";

/** Whether the encoder tells how probable an emotion is: it knows the 27, and neutral is none of them. */
export function isScored(emotion: string): boolean {
  return emotion !== "neutral";
}

/** How probable the emotion is in the picture before and after its edit. */
export async function scoreEmotion(
  { clip }: Backends,
  { emotion, before, after }: { emotion: string; before: EncodedImage; after: EncodedImage },
  options: CallOptions,
): Promise<ScoresView> {
  const probabilityIn = async (image: EncodedImage): Promise<number> => {
    const { scores } = await callBackend("clip", () => clip.scoreEmotions({ image }, options));
    const found = scores.find((each) => each.emotion === emotion);
    if (!found) throw new MoodError("INTERNAL", "SCORE_MISSING", `clip has no score for ${emotion}.`);
    return shorten(found.probability);
  };
  const [emotion_before, emotion_after] = await Promise.all([probabilityIn(before), probabilityIn(after)]);
  return { emotion_before, emotion_after };
}
