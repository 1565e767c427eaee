import { describeFallbackPlan } from "@moodifier/emotion";
import type { Box } from "@moodifier/tensor";
import { splitSentences, type Mission, type PlanDraft } from "./mission.ts";

/** Where parts usually are in a centred portrait, view fractions; generous, because nobody looked. */
const USUAL_BOXES: Readonly<Record<string, Box>> = {
  mouth: [0.3, 0.52, 0.7, 0.8],
  eyes: [0.22, 0.34, 0.78, 0.58],
  eyebrows: [0.2, 0.24, 0.8, 0.46],
  cheeks: [0.2, 0.45, 0.8, 0.72],
  tears: [0.22, 0.4, 0.78, 0.78],
  face: [0.12, 0.08, 0.88, 0.92],
};
const WHOLE: Box = [0.05, 0.05, 0.95, 0.95];

/**
 * Plans without a model: captions from the emotion's descriptors for the category, and the parts at their usual places. With a region
 * only the sentence about that part changes. The same mission always gives the same plan.
 */
export function planByDescriptors({ emotion, intensity, region, vocabulary, foreignCategory }: Mission): PlanDraft {
  const wanted = foreignCategory ?? vocabulary.categories[0] ?? "other";
  const { category, source, target, kind, labels } = describeFallbackPlan(emotion, wanted, intensity);
  const part = region === undefined ? -1 : labels.indexOf(region);
  const chosen = region === undefined ? labels : [region];
  return {
    category,
    source,
    target: part < 0 ? target : keepOtherParts(source, target, part),
    kind,
    regions: chosen.map((label) => ({ label, box: USUAL_BOXES[label] ?? WHOLE })),
  };
}

/**
 * Gives a draft whose target prompt is of no use another one: the summary as the model read it, the stimuli and the overall emotion from
 * the descriptors. With a region only the sentence about that part changes.
 */
export function retarget(draft: PlanDraft, mission: Mission): PlanDraft {
  const { labels, target } = describeFallbackPlan(mission.emotion, draft.category, mission.intensity);
  const [summary = ""] = splitSentences(draft.source);
  const described = [summary, ...splitSentences(target).slice(1)].join(" ");
  const part = mission.region === undefined ? -1 : labels.indexOf(mission.region);
  return { ...draft, target: part < 0 ? described : keepOtherParts(draft.source, described, part) };
}

/**
 * Finds regions that a draft plans to change while its target prompt repeats the source's sentence about them, and gives the target the descriptors' sentences there:
 * equal words would leave the part as it is. `labels` names them; the draft itself comes back when there are none.
 */
export function changePlannedParts(draft: PlanDraft, mission: Mission): { draft: PlanDraft; labels: string[] } {
  const described = describeFallbackPlan(mission.emotion, draft.category, mission.intensity);
  const wanted = splitSentences(described.target);
  const before = new Set(splitSentences(draft.source));
  const labels: string[] = [];
  const target = splitSentences(draft.target).map((sentence) => {
    const label = draft.regions.find((region) => isAbout(sentence, region.label))?.label;
    const other = wanted.find((candidate) => label !== undefined && isAbout(candidate, label));
    if (label === undefined || other === undefined || !before.has(sentence) || before.has(other)) return sentence;
    labels.push(label);
    return other;
  });
  return labels.length === 0 ? { draft, labels } : { draft: { ...draft, target: target.join(" ") }, labels };
}

function isAbout(sentence: string, label: string): boolean {
  return sentence.toLowerCase().startsWith(`the ${label} `);
}

/** The target caption with the source's sentences about every part but one; sentence 0 is the summary, the last the overall emotion. */
function keepOtherParts(source: string, target: string, part: number): string {
  const before = splitSentences(source);
  const after = splitSentences(target);
  const last = after.length - 1;
  return after.map((sentence, at) => (at === part + 1 || at === last ? sentence : (before[at] ?? sentence))).join(" ");
}
