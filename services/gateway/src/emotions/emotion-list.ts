import { EMOTIONS, emotionEntry } from "@moodifier/emotion";
import { z } from "zod";

/** The answer to `GET /v1/emotions`. */
export const emotionListSchema = z
  .object({
    emotions: z.array(
      z.object({
        name: z.string(),
        group: z.string().describe("positive, negative, ambiguous or neutral."),
        ekman: z.string().describe("The nearest of Ekman's basic emotions, or neutral."),
        mikels: z.string().nullable().describe("The nearest of Mikels' eight emotions; null when none is near."),
        synonyms: z.array(z.string()),
      }),
    ),
  })
  .meta({ id: "EmotionList", description: "The emotions that an edit may ask for: GoEmotions' 27 and neutral." });

export type EmotionList = z.infer<typeof emotionListSchema>;

/** The emotions in the order of the taxonomy. */
export function listEmotions(): EmotionList {
  return { emotions: EMOTIONS.map((name) => emotionEntry(name)) };
}
