import { EMOTIONS, type EmotionName } from "@moodifier/emotion";
import { MoodError } from "@moodifier/service-kit";

export const CATEGORIES = [
  "face",
  "bag",
  "bracelet",
  "clothes",
  "earring",
  "necklace",
  "ring",
  "vase",
  "scene",
  "other",
] as const;

export function resolveEmotion(name: string): EmotionName {
  const wanted = name.trim().toLowerCase();
  const found = EMOTIONS.find((emotion) => emotion === wanted);
  if (found) return found;
  throw new MoodError(
    "INVALID_ARGUMENT",
    "EMOTION_UNKNOWN",
    `emotion must be one of the 28 names, got "${name.slice(0, 40)}"`,
    {
      details: { near: EMOTIONS.slice(0, 3) },
    },
  );
}

export function describeEmotion(emotion: string, _category: string): string[] {
  return [`a look of ${emotion}`, `signs of ${emotion}`, `a mood of ${emotion}`];
}

export function expandEmotion(emotion: string, context: string): string[] {
  return describeEmotion(resolveEmotion(emotion), context);
}
