import { EMOTIONS } from "@moodifier/emotion";
import { z } from "zod";

/** The answer to `GET /v1/emotions`. */
export const emotionListSchema = z
  .object({ emotions: z.array(z.object({ name: z.string() })) })
  .meta({ id: "EmotionList", description: "The emotions that an edit may ask for." });

export type EmotionList = z.infer<typeof emotionListSchema>;

/** The emotions in the order of the taxonomy. */
export function listEmotions(): EmotionList {
  return { emotions: EMOTIONS.map((name) => ({ name })) };
}
