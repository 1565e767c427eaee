import type { EmotionName } from "@moodifier/emotion";
import type { Box } from "@moodifier/tensor";
import { z } from "zod";
import type { Verdict } from "../chat/ask-until-valid.ts";
import type { ChatReply } from "../chat/vision-chat.ts";
import { normaliseBox } from "./boxes.ts";
import { planReply, type EditKindName, type PlanVocabulary } from "./plan-reply.ts";

/** What a plan must do, after the request was validated. */
export type Mission = {
  /** Canonical emotion name. */
  emotion: EmotionName;
  /** 0..1. */
  intensity: number;
  /** The only label that may change, when the caller restricts the edit. */
  region?: string | undefined;
  /** The category that the caller states, when the model does not know it; the model is not asked then. */
  foreignCategory?: string | undefined;
  /** What the plan may say: already narrowed to the caller's category and region. */
  vocabulary: PlanVocabulary;
};

/** A plan that fulfils a mission; boxes are in the view. */
export type PlanDraft = {
  category: string;
  source: string;
  target: string;
  kind: EditKindName;
  regions: { label: string; box: Box }[];
};

/** Sentences of a caption: summary, three stimuli, overall emotion. */
export const CAPTION_SENTENCES = 5;

/**
 * Checks that a reply is a plan and that it does exactly what the mission asks. `readBox` counts as the reply's model does. A reply whose
 * target prompt alone is wrong has still read the picture: it is the verdict's `partial`.
 */
export function checkPlan(
  text: string,
  mission: Mission,
  readBox: ChatReply["readBox"] = normaliseBox,
): Verdict<PlanDraft> {
  const json = extractJson(text);
  if (json === undefined) return { problems: ["it is not a JSON object"] };
  const parsed = planReply(mission.vocabulary).safeParse(json);
  if (!parsed.success) return { problems: describeIssues(parsed.error) };
  const { regions, ...reply } = parsed.data;
  const misread = countSentences("source", reply.source);
  const problems = countSentences("target", reply.target);
  const overall = splitSentences(reply.target).at(-1) ?? "";
  if (!overall.toLowerCase().includes(mission.emotion)) {
    problems.push(`the last sentence of "target" does not name ${mission.emotion}`);
  }
  const boxed = regions.map(({ label, box }) => ({ label, box: readBox(box) }));
  const usable = boxed.filter((region): region is { label: string; box: Box } => region.box !== undefined);
  if (usable.length < boxed.length) misread.push("a box is not four fractions from 0 to 0.99");
  const draft = { ...reply, regions: usable };
  if (misread.length > 0) return { problems: [...misread, ...problems] };
  return problems.length > 0 ? { problems, partial: draft } : { value: draft };
}

function countSentences(name: string, text: string): string[] {
  const count = splitSentences(text).length;
  return count === CAPTION_SENTENCES ? [] : [`"${name}" has ${count} sentences instead of ${CAPTION_SENTENCES}`];
}

/** The sentences of a text, ends of sentences kept. */
export function splitSentences(text: string): string[] {
  return text
    .split(/(?<=[.!?])\s+/)
    .map((sentence) => sentence.trim())
    .filter((sentence) => sentence.length > 0);
}

/** The JSON object in a reply, also when it stands in a code fence or in prose with other braces; undefined when there is none. */
export function extractJson(text: string): unknown {
  for (let start = text.indexOf("{"); start >= 0; start = text.indexOf("{", start + 1)) {
    for (let end = text.lastIndexOf("}"); end > start; end = text.lastIndexOf("}", end - 1)) {
      try {
        return JSON.parse(text.slice(start, end + 1));
      } catch {
        // Another pair of braces may hold it.
      }
    }
  }
  return undefined;
}

/** The issues of a failed validation, one phrase each. */
export function describeIssues(error: z.ZodError): string[] {
  return error.issues.map(({ path, message }) => `${path.length > 0 ? path.join(".") : "reply"}: ${message}`);
}
