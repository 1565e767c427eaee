import { CONTEXTS, EMOTIONS_27 } from "@moodifier/emotion";
import { describe, expect, it } from "vitest";
import { areNearCopies, DEFAULT_PHRASES } from "./phrases.ts";

const pairs = EMOTIONS_27.flatMap((emotion) => CONTEXTS.map((context) => ({ emotion, context })));
const all = pairs.flatMap(({ emotion, context }) => DEFAULT_PHRASES[emotion]![context]!);

describe("the committed phrases", () => {
  it("has at least 20 for each of the 108 pairs, each short and plain", () => {
    expect(pairs).toHaveLength(108);
    const few = pairs.filter(({ emotion, context }) => (DEFAULT_PHRASES[emotion]?.[context] ?? []).length < 20);
    expect(few).toEqual([]);
    expect(all.filter((phrase) => !/^[\p{L}\d][\p{L}\d ,:'-]{3,78}[\p{L}\d]$/u.test(phrase))).toEqual([]);
  });

  it("says nothing twice, whatever the emotion", () => {
    // Near copies share most words, so only phrases that share a word need comparing.
    const byWord = new Map<string, string[]>();
    const copies = new Set<string>();
    for (const phrase of all) {
      const words = new Set(phrase.toLowerCase().match(/[a-z]{4,}/g) ?? [phrase]);
      const others = new Set([...words].flatMap((word) => byWord.get(word) ?? []));
      for (const other of others) if (areNearCopies(phrase, other)) copies.add(`${phrase} / ${other}`);
      for (const word of words) byWord.set(word, [...(byWord.get(word) ?? []), phrase]);
    }
    expect([...copies]).toEqual([]);
    expect(new Set(all).size).toBe(2160);
  });

  it("is more than the emotion's name", () => {
    for (const { emotion, context } of pairs) {
      const naming = DEFAULT_PHRASES[emotion]![context]!.filter((phrase) => phrase.includes(emotion));
      expect(naming.length, `${emotion} ${context}`).toBeLessThanOrEqual(2);
    }
  });
});

describe("areNearCopies", () => {
  it("looks at the words that matter", () => {
    expect(areNearCopies("a dog in the rain", "dogs in rain")).toBe(true);
    expect(areNearCopies("a dog in the rain", "a cat in the rain")).toBe(false);
  });
});
