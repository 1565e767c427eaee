import { describe, expect, it } from "vitest";
import {
  AMBIGUOUS,
  CATEGORIES,
  CONTEXTS,
  describeFallbackPlan,
  descriptors,
  EMOTIONS,
  EMOTIONS_27,
  emotionEntry,
  EmotionError,
  findEmotion,
  nearEmotions,
  NEGATIVE,
  POSITIVE,
  taxonomy,
} from "./index.ts";

describe("taxonomy", () => {
  it("is GoEmotions: 12 positive, 11 negative, 4 ambiguous, and neutral", () => {
    expect([POSITIVE.length, NEGATIVE.length, AMBIGUOUS.length]).toEqual([12, 11, 4]);
    expect(EMOTIONS_27).toHaveLength(27);
    expect(new Set(EMOTIONS).size).toBe(28);
    expect(taxonomy.map((entry) => entry.name)).toEqual([...EMOTIONS]);
    for (const name of POSITIVE) expect(emotionEntry(name).group).toBe("positive");
    for (const name of NEGATIVE) expect(emotionEntry(name).group).toBe("negative");
    for (const name of AMBIGUOUS) expect(emotionEntry(name).group).toBe("ambiguous");
  });

  it("maps onto Ekman's six as the GoEmotions paper does, and no synonym stands for two emotions", () => {
    const ekman = (of: string): string[] => taxonomy.filter((entry) => entry.ekman === of).map((entry) => entry.name);
    expect(ekman("anger")).toEqual(["anger", "annoyance", "disapproval"]);
    expect(ekman("disgust")).toEqual(["disgust"]);
    expect(ekman("fear")).toEqual(["fear", "nervousness"]);
    expect(ekman("sadness")).toEqual(["disappointment", "embarrassment", "grief", "remorse", "sadness"]);
    expect(ekman("surprise")).toEqual([...AMBIGUOUS]);
    expect(ekman("joy")).toEqual([...POSITIVE]);
    const synonyms = taxonomy.flatMap((entry) => entry.synonyms);
    expect(new Set([...synonyms, ...EMOTIONS]).size).toBe(synonyms.length + EMOTIONS.length);
  });
});

describe("findEmotion", () => {
  it("reads any case", () => expect(findEmotion("  Joy ")).toBe("joy"));

  it.each([
    ["happiness", "joy"],
    ["sad", "sadness"],
    ["angry", "anger"],
    ["suprise", "surprise"],
    ["realisation", "realization"],
    ["gratefulness", "gratitude"],
    ["scared", "fear"],
  ])("answers %s with %s first among the near names", (word, expected) => {
    expect(nearEmotions(word)[0]).toBe(expected);
    expect(() => findEmotion(word)).toThrow(new RegExp(`not "${word}"; did you mean ${expected}`));
  });

  it("says what it expected", () => {
    try {
      findEmotion("");
      expect.unreachable();
    } catch (error) {
      expect(error).toBeInstanceOf(EmotionError);
      expect(error).toMatchObject({ reason: "EMOTION_UNKNOWN" });
      expect((error as EmotionError).near).toHaveLength(3);
    }
  });
});

describe("descriptors", () => {
  it("has several for every emotion in every context and category, and no two emotions share a list", () => {
    for (const context of new Set([...CONTEXTS, ...CATEGORIES])) {
      const seen = new Set<string>();
      for (const emotion of EMOTIONS) {
        const list = descriptors(emotion, context);
        expect(list.length, `${emotion} ${context}`).toBeGreaterThanOrEqual(3);
        expect(new Set(list).size, `${emotion} ${context}`).toBe(list.length);
        expect(list.join(" ")).not.toMatch(/undefined|[{}]|\ba [aeiou]/);
        seen.add(list.join("|"));
      }
      expect(seen.size, context).toBe(EMOTIONS.length);
    }
  });

  it("refuses an unknown context with near names", () => {
    expect(() => descriptors("joy", "vases")).toThrow(/context must be one of face, natural/);
    expect(() => describeFallbackPlan("joy", "natural")).toThrow(EmotionError);
  });
});

describe("describeFallbackPlan", () => {
  it("gives two captions of five sentences that differ only where the emotion shows", () => {
    for (const category of CATEGORIES) {
      for (const emotion of EMOTIONS) {
        const plan = describeFallbackPlan(emotion, category);
        const source = plan.source.split(/(?<=\.) /);
        const target = plan.target.split(/(?<=\.) /);
        expect(source).toHaveLength(5);
        expect(target).toHaveLength(5);
        expect(target[0]).toBe(source[0]);
        expect(target[4]).toBe(`The picture conveys ${emotion}.`);
        for (let i = 1; i < 4; i++) expect(target[i]!.split(" ")[1]).toBe(source[i]!.split(" ")[1]);
        expect(plan.target.split(" ").length).toBeLessThan(72);
      }
    }
  });

  it("is milder below half intensity", () => {
    const strong = describeFallbackPlan("sadness", "vase", 0.9);
    const mild = describeFallbackPlan("sadness", "vase", 0.2);
    expect(strong.target).toContain("drooping");
    expect(mild.target).not.toContain("drooping");
    expect(describeFallbackPlan("joy", "face", 0.2).target).not.toBe(describeFallbackPlan("joy", "face", 0.9).target);
  });
});
