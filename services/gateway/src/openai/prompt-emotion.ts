import { EMOTIONS, emotionEntry, type EmotionName, findEmotion } from "@moodifier/emotion";
import { quote, refuse } from "../http/refuse.ts";

/** Each word that names an emotion, the longest first so that no name hides in another. */
const words: readonly (readonly [word: string, emotion: EmotionName])[] = EMOTIONS.flatMap((name) =>
  [name, ...emotionEntry(name).synonyms].map((word) => [word.toLowerCase(), name] as const),
).toSorted(([a], [b]) => b.length - a.length);

/**
 * The one emotion that a prompt asks for: its name, or a synonym of it, as a word.
 * @throws MoodError INVALID_ARGUMENT EMOTION_MISSING when it names none, EMOTION_AMBIGUOUS when it names several.
 */
export function readPromptEmotion(prompt: string): EmotionName {
  let rest = prompt.toLowerCase();
  const found = new Set<EmotionName>();
  for (const [word, emotion] of words) {
    const pattern = new RegExp(`(?<![\\p{L}])${word.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")}(?![\\p{L}])`, "gu");
    if (!pattern.test(rest)) continue;
    found.add(emotion);
    rest = rest.replace(pattern, " ");
  }
  const [first, second] = found;
  if (first === undefined) {
    const expected = "the name of an emotion in it (GET /v1/emotions), or the field emotion";
    throw refuse("EMOTION_MISSING", { argument: "prompt", expected, got: "none that is known" });
  }
  if (second !== undefined) {
    throw refuse("EMOTION_AMBIGUOUS", {
      argument: "prompt",
      expected: "one emotion",
      got: quote([...found].join(", ")),
    });
  }
  return findEmotion(first);
}
