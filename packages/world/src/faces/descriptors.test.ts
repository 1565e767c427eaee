import { describeFallbackPlan, EMOTIONS } from "@moodifier/emotion";
import { expect, test } from "vitest";
import { parametricWords } from "./parametric/annotation.ts";
import { TRAINING_STYLES } from "./styles/index.ts";

// A denoiser knows the sentences that it was trained on: a descriptor that no caption uses would change nothing in a picture.
test("the descriptors of faces are words that captions of faces use", () => {
  const aspects = TRAINING_STYLES.flatMap(([{ aspects: ofStyle }]) => ofStyle);
  const known = new Set(
    (["mouth", "eyes", "eyebrows"] as const).flatMap((part) => {
      const styles = aspects.filter(({ subject }) => subject === part);
      const ways = [...styles.flatMap(({ words }) => Object.values(words).flat()), ...parametricWords(part)];
      return ways.map((way) => `The ${part} ${part === "mouth" ? "is" : "are"} ${way}.`);
    }),
  );
  const planned = EMOTIONS.flatMap((emotion) =>
    [0.3, 0.8].flatMap((intensity) =>
      describeFallbackPlan(emotion, "face", intensity).target.match(/The (mouth|eyes|eyebrows) [^.]*\./g)!,
    ),
  );
  expect(planned).toHaveLength(EMOTIONS.length * 6);
  expect(planned.filter((sentence) => !known.has(sentence))).toEqual([]);
});
