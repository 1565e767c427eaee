import { taxonomy, type EmotionEntry } from "./data.ts";
import { EmotionError } from "./emotion-error.ts";
import { EMOTIONS, type EmotionName } from "./taxonomy.ts";

/** What the taxonomy knows of an emotion. */
export function emotionEntry(emotion: EmotionName): EmotionEntry {
  return taxonomy[EMOTIONS.indexOf(emotion)]!;
}

/**
 * The canonical name of an emotion written in any case, with spaces around it.
 * Throws {@link EmotionError} (EMOTION_UNKNOWN) with near names: synonyms first, then by edit distance.
 */
export function findEmotion(name: string): EmotionName {
  const wanted = normalise(name);
  const found = EMOTIONS.find((emotion) => emotion === wanted);
  if (found !== undefined) return found;
  const near = nearEmotions(wanted);
  throw new EmotionError(
    "EMOTION_UNKNOWN",
    `emotion must be one of the 27 GoEmotions names or "neutral", not "${name.slice(0, 40)}"; did you mean ${near.join(", ")}?`,
    near,
  );
}

/** The `count` emotions whose name or synonyms come nearest to a word, nearest first. */
export function nearEmotions(word: string, count = 3): EmotionName[] {
  const wanted = normalise(word).slice(0, 40);
  return taxonomy
    .map(({ name, synonyms }) => ({
      name,
      distance: Math.min(...[name, ...synonyms].map((known) => relativeDistance(wanted, known))),
    }))
    .sort((a, b) => a.distance - b.distance)
    .slice(0, count)
    .map(({ name }) => name);
}

function normalise(word: string): string {
  return word.trim().toLowerCase();
}

/** Edit distance over the longer length: 0 = equal, 1 = nothing alike. A shared stem counts as near. */
function relativeDistance(a: string, b: string): number {
  const stem = Math.min(a.length, b.length) >= 4 && (a.startsWith(b) || b.startsWith(a));
  const distance = editDistance(a, b) / Math.max(a.length, b.length, 1);
  return stem ? distance / 2 : distance;
}

/** Levenshtein distance, one row at a time. */
export function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const replaced = row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(replaced, row[j]! + 1, next[j - 1]! + 1));
    }
    row = next;
  }
  return row[b.length]!;
}
