import { EMOTIONS } from "@moodifier/emotion";
import type { Annotation } from "../record.ts";
import type { RawAnnotation } from "./annotator.ts";

/** Longest caption in characters. 248 tokens of CLIP hold about 1,000. */
const MAX_CAPTION = 1200;

/** The checked annotation, or every fault of the reply. */
export function checkAnnotation(raw: RawAnnotation): Annotation | { readonly faults: readonly string[] } {
  const faults: string[] = [];
  const sentence = (name: string, text: string): string => {
    const trimmed = text.trim().replaceAll(/\s+/g, " ");
    if (trimmed.length < 8) faults.push(`${name}: expected a sentence, got "${trimmed}"`);
    if (/[{}<>]|\p{Cc}/u.test(trimmed)) faults.push(`${name}: expected plain words, got "${trimmed.slice(0, 60)}"`);
    return /[.!?]$/.test(trimmed) ? trimmed : `${trimmed}.`;
  };
  const emotion = EMOTIONS.find((name) => name === raw.emotion);
  if (emotion === undefined) faults.push(`emotion: expected one of the 28 names, got "${raw.emotion}"`);
  if (raw.stimuli.length !== 3) faults.push(`stimuli: expected 3, got ${raw.stimuli.length}`);
  const stimuli = raw.stimuli.map(({ text, box }, i) => {
    const edges = [box?.x0 ?? 0, box?.y0 ?? 0, box?.x1 ?? 0, box?.y1 ?? 0].map(round) as [
      number,
      number,
      number,
      number,
    ];
    const [left, top, right, bottom] = edges;
    if (!(edges.every((edge) => edge >= 0 && edge <= 1) && left < right && top < bottom)) {
      faults.push(`stimuli[${i}].box: expected left < right and top < bottom in 0..1, got ${edges.join(" ")}`);
    }
    return { text: sentence(`stimuli[${i}].text`, text), box: edges };
  });
  if (new Set(stimuli.map(({ text }) => text)).size < stimuli.length)
    faults.push("stimuli: expected three different ones");
  const summary = sentence("summary", raw.summary);
  const overall = sentence("overall", raw.overall);
  const length = summary.length + overall.length + stimuli.reduce((sum, { text }) => sum + text.length, 0);
  if (length > MAX_CAPTION) faults.push(`caption: expected at most ${MAX_CAPTION} characters, got ${length}`);
  if (faults.length > 0 || emotion === undefined) return { faults };
  return { summary, stimuli, overall, emotion, modelId: raw.modelId };
}

/** Boxes travel as float32; four decimals are a tenth of a pixel at 1,000. */
function round(value: number): number {
  return Math.round(value * 1e4) / 1e4;
}
