import { float32 } from "@moodifier/tensor";
import { expect, test } from "vitest";
import { EmotionScorer } from "./emotion-scorer.ts";

test("scores are a softmax of scaled cosines, most probable first", async () => {
  const asked: string[] = [];
  const scorer = await EmotionScorer.create(["joy", "fear"], "It conveys {emotion}.", 2, async (sentences) => {
    asked.push(...sentences);
    return [float32([2], [1, 0]), float32([2], [0, 1])];
  });
  const [first, second] = scorer.score(float32([2], [0.6, 0.8]));
  expect(asked).toEqual(["It conveys joy.", "It conveys fear."]);
  const fear = Math.exp(1.6) / (Math.exp(1.6) + Math.exp(1.2));
  expect(first?.emotion).toBe("fear");
  expect(first?.probability).toBeCloseTo(fear, 6);
  expect(second?.probability).toBeCloseTo(1 - fear, 6);
});

test("large logits do not overflow", async () => {
  const scorer = await EmotionScorer.create(["a", "b"], "{emotion}", 5000, async () => [
    float32([1], [1]),
    float32([1], [-1]),
  ]);
  expect(scorer.score(float32([1], [1]))).toEqual([
    { emotion: "a", probability: 1 },
    { emotion: "b", probability: 0 },
  ]);
});
