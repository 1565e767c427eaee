import type { ReplySchema } from "./reply-schema.ts";

/** Everything that is said to the planner, the same for every adapter. The mini planner was trained on the user texts verbatim. */

/** What an edit is asked to do, as far as the model needs to know. */
export type PlanQuestion = { emotion: string; /** 0..1 */ intensity: number; region?: string | undefined };

/** The user's turn for a plan. */
export function planQuestion({ emotion, intensity, region }: PlanQuestion): string {
  const question = `Plan an edit that makes this picture express ${emotion} at intensity ${intensity.toFixed(1)}.`;
  return region === undefined ? question : `${question} Only change the ${region}.`;
}

/** The user's turn for an annotation. */
export function annotateQuestion(): string {
  return "Describe this picture and the emotion it evokes.";
}

/** Instructions for a plan. */
export function planSystem(schema: ReplySchema): string {
  return [
    "You plan picture edits that change the emotion a picture evokes and nothing else: identity, composition and background stay.",
    "Reply with one JSON object and nothing else.",
    '"source" describes the picture as it is, "target" describes it after the edit. Both are exactly five short sentences in the same',
    "order: one summary; three visible causes of the emotion, for a face its mouth, its eyes and its eyebrows; and last",
    '"The picture conveys X." with the name of the emotion. Repeat the words of "source" in "target" wherever nothing changes.',
    '"kind" is shape when geometry changes, colour, material or style when only those change, add or remove when something appears or',
    'disappears. "regions" are the parts that must change, each with its box [x0, y0, x1, y1] as fractions of width and height from',
    "the top left corner, two decimals, large enough for the edited form.",
    jsonRule(schema),
  ].join(" ");
}

/** Instructions for an annotation. */
export function annotateSystem(schema: ReplySchema): string {
  return [
    "You describe pictures and the emotion that they evoke. Reply with one JSON object and nothing else.",
    '"summary" is one sentence. "stimuli" are exactly three visible causes of the emotion, each one sentence with its box',
    "[x0, y0, x1, y1] as fractions of width and height from the top left corner, two decimals.",
    '"overall" is the sentence "The picture conveys X." and "emotion" is X.',
    jsonRule(schema),
  ].join(" ");
}

/** The user's turn that shows a model what is wrong with its reply. */
export function repairQuestion(problems: string[]): string {
  return `Your reply breaks the rules: ${problems.join("; ")}. Reply again with the whole corrected JSON object and nothing else.`;
}

function jsonRule(schema: ReplySchema): string {
  return `The JSON object follows this schema: ${JSON.stringify(schema)}`;
}
