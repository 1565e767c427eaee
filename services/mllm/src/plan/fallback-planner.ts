import type { Box } from "@moodifier/tensor";
import { describeEmotion } from "../emotion/emotion-book.ts";
import type { Mission, PlanDraft } from "./mission.ts";

/** Where parts usually are in a centred portrait, view fractions; generous, because nobody looked. */
const USUAL_BOXES: Readonly<Record<string, Box>> = {
  mouth: [0.3, 0.52, 0.7, 0.8],
  eyes: [0.22, 0.34, 0.78, 0.58],
  eyebrows: [0.2, 0.24, 0.8, 0.46],
  face: [0.12, 0.08, 0.88, 0.92],
};
const WHOLE: Box = [0.05, 0.05, 0.95, 0.95];

/**
 * Plans without a model: five sentences in which the emotion's first descriptors for the category stand where the source has plain
 * words, and the parts at their usual places. The same mission always gives the same plan.
 */
export function planByDescriptors(mission: Mission): PlanDraft {
  const { emotion, vocabulary, region, foreignCategory } = mission;
  const category = foreignCategory ?? vocabulary.categories[0] ?? "other";
  const summary = `A picture of a ${category}.`;
  const shows = describeEmotion(emotion, category).slice(0, 3);
  const source = ["an ordinary look", "an even mood", "a quiet expression"];
  const sentences = (details: string[], mood: string) =>
    [summary, ...details.map((detail) => `It shows ${detail}.`), `The picture conveys ${mood}.`].join(" ");
  return {
    category,
    source: sentences(source, "neutral"),
    target: sentences(shows, emotion),
    kind: category === "face" ? "shape" : "style",
    regions: usualRegions(category, region, vocabulary.labels),
  };
}

function usualRegions(category: string, region: string | undefined, labels: readonly string[]): PlanDraft["regions"] {
  if (region !== undefined) return [{ label: region, box: USUAL_BOXES[region] ?? WHOLE }];
  if (category !== "face") return [{ label: category, box: WHOLE }];
  const parts = ["mouth", "eyes", "eyebrows"].filter((label) => labels.includes(label));
  const chosen = parts.length > 0 ? parts : labels.slice(0, 1);
  return chosen.map((label) => ({ label, box: USUAL_BOXES[label] ?? WHOLE }));
}
