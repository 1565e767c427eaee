import { EMOTIONS, type EmotionName } from "@moodifier/emotion";
import { MoodError } from "@moodifier/service-kit";
import { quote } from "../http/refuse.ts";

/** The canonical emotion of a name in any case. Throws INVALID_ARGUMENT (EMOTION_UNKNOWN) with the nearest names in `details.near`. */
export function resolveEmotion(name: string): EmotionName {
  const wanted = name.trim().toLowerCase();
  const found = EMOTIONS.find((emotion) => emotion === wanted);
  if (found) return found;
  const near = nearNames(wanted);
  const expected = `one of the ${EMOTIONS.length} names that GET /v1/emotions lists`;
  throw new MoodError(
    "INVALID_ARGUMENT",
    "EMOTION_UNKNOWN",
    `emotion: expected ${expected}, got ${quote(name)}; near: ${near.join(", ")}.`,
    {
      details: { argument: "emotion", expected, got: quote(name), near },
    },
  );
}

/** The three names with the fewest differing letters. */
function nearNames(wanted: string): EmotionName[] {
  const ranked = EMOTIONS.map((name) => ({ name, distance: editDistance(wanted, name) }));
  return ranked
    .toSorted((a, b) => a.distance - b.distance)
    .slice(0, 3)
    .map(({ name }) => name);
}

/** Levenshtein distance. */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (const [i, letter] of [...a].entries()) {
    const next = [i + 1];
    for (const [j, other] of [...b].entries()) {
      next.push(Math.min((row[j] ?? 0) + (letter === other ? 0 : 1), (row[j + 1] ?? 0) + 1, (next[j] ?? 0) + 1));
    }
    row = next;
  }
  return row[b.length] ?? a.length;
}
