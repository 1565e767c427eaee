import { EmotionError, type EmotionName, findEmotion } from "@moodifier/emotion";
import { MoodError } from "@moodifier/service-kit";
import { quote } from "../http/refuse.ts";

/** The canonical emotion of a name in any case. Throws INVALID_ARGUMENT (EMOTION_UNKNOWN) with the nearest names in `details.near`. */
export function resolveEmotion(name: string): EmotionName {
  try {
    return findEmotion(name);
  } catch (error) {
    if (!(error instanceof EmotionError)) throw error;
    const { reason, message, near } = error;
    const details = { argument: "emotion", expected: "a name that GET /v1/emotions lists", got: quote(name), near };
    throw new MoodError("INVALID_ARGUMENT", reason, message, { details, cause: error });
  }
}
