import { CONTEXTS, EMOTIONS_27, type ContextName, type EmotionName } from "@moodifier/emotion";
import face from "./data/face.json" with { type: "json" };
import natural from "./data/natural.json" with { type: "json" };
import object from "./data/object.json" with { type: "json" };
import urban from "./data/urban.json" with { type: "json" };

/** Search phrases by emotion, then by context. */
export type PhraseTable = Readonly<
  Partial<Record<EmotionName, Readonly<Partial<Record<ContextName, readonly string[]>>>>>
>;

const BY_CONTEXT: Readonly<Record<ContextName, Readonly<Record<string, readonly string[]>>>> = {
  face,
  natural,
  urban,
  object,
};

/** The committed list: at least 20 phrases for each of the 27 x 4 pairs. */
export const DEFAULT_PHRASES: PhraseTable = Object.fromEntries(
  EMOTIONS_27.map((emotion) => [
    emotion,
    Object.fromEntries(CONTEXTS.map((context) => [context, BY_CONTEXT[context][emotion] ?? []])),
  ]),
);

/** Share of words, 0..1, from which two phrases count as near copies. */
const NEAR = 0.75;

/** Whether two phrases say the same: equal words but for a few. Small words do not count. */
export function areNearCopies(a: string, b: string): boolean {
  const [left, right] = [contentWords(a), contentWords(b)];
  const shared = [...left].filter((word) => right.has(word)).length;
  return shared / (left.size + right.size - shared) >= NEAR;
}

const SMALL_WORDS = new Set([
  "a",
  "an",
  "the",
  "of",
  "in",
  "on",
  "at",
  "to",
  "and",
  "with",
  "by",
  "for",
  "from",
  "over",
]);

function contentWords(phrase: string): Set<string> {
  const words = phrase
    .toLowerCase()
    .split(/[^a-z]+/)
    .filter((word) => word !== "" && !SMALL_WORDS.has(word));
  return new Set(words.map((word) => word.replace(/(?<=\w{3})(?:es|s)$/, "")));
}
