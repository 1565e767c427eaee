import { categoryTable, descriptorTable, type CategoryEntry } from "./data.ts";
import { EmotionError } from "./emotion-error.ts";
import { editDistance } from "./lookup.ts";
import type { EmotionName } from "./taxonomy.ts";

/** The four contexts of MoodArchive. */
export const CONTEXTS = ["face", "natural", "urban", "object"] as const;
export type ContextName = (typeof CONTEXTS)[number];

/** The eight edit categories of the paper, then whole scenes and anything else. */
export const CATEGORIES = [
  "face",
  "bag",
  "bracelet",
  "clothes",
  "earring",
  "necklace",
  "ring",
  "vase",
  "scene",
  "other",
] as const;
export type CategoryName = (typeof CATEGORIES)[number];

/**
 * Short visible phrases that show an emotion in one of the contexts or categories, most typical first; at least three.
 * Throws {@link EmotionError} (CONTEXT_UNKNOWN).
 */
export function descriptors(emotion: EmotionName, context: string): string[] {
  const entry = descriptorTable[emotion];
  if (context === "natural" || context === "urban") return [...entry[context], `light in ${entry.look.colours}`];
  if (context === "face") {
    const { mouth, eyes, eyebrows } = entry.face;
    return [0, 1].flatMap((i) => [
      `a mouth that is ${mouth[i]}`,
      `eyes that are ${eyes[i]}`,
      `eyebrows that are ${eyebrows[i]}`,
    ]);
  }
  return findCategory(context).descriptors.map((template) => fill(template, emotion, 0));
}

/** What {@link describeFallbackPlan} answers. */
export interface FallbackPlan {
  readonly category: CategoryName;
  /** Five sentences that say what a plain example of the category looks like. */
  readonly source: string;
  /** The same five sentences with the emotion's visible attributes in place. */
  readonly target: string;
  readonly kind: CategoryEntry["kind"];
  /** Parts that the edit may change. */
  readonly labels: readonly string[];
}

/**
 * The two captions of an edit planned without a model. Sentences align one by one, so that only the emotion's words differ.
 * Intensity 0..1: below 0.5 milder words are chosen and the third stimulus stays as it is.
 * Throws {@link EmotionError} (CONTEXT_UNKNOWN) for a category that is not in {@link CATEGORIES}.
 */
export function describeFallbackPlan(emotion: EmotionName, category: string, intensity = 0.8): FallbackPlan {
  const known = CATEGORIES.find((name) => name === category);
  if (known === undefined) throw unknownContext(category);
  const { noun, kind, labels, stimuli } = findCategory(known);
  const summary = `A picture of ${withArticle(noun)}.`;
  const mild = intensity < 0.5;
  const sources = stimuli.map((stimulus) => stimulus.source);
  const targets = stimuli.map((stimulus, i) =>
    mild && i === 2 ? stimulus.source : fill(stimulus.target, emotion, mild ? 1 : 0),
  );
  return {
    category: known,
    source: [summary, ...sources, "The picture conveys neutral."].join(" "),
    target: [summary, ...targets, `The picture conveys ${emotion}.`].join(" "),
    kind,
    labels,
  };
}

function findCategory(name: string): CategoryEntry {
  const entry = categoryTable[name === "other" ? "object" : name];
  if (entry === undefined) throw unknownContext(name);
  return entry;
}

function unknownContext(name: string): EmotionError {
  const known = [...new Set<string>([...CONTEXTS, ...CATEGORIES])];
  const near = known.toSorted((a, b) => editDistance(name, a) - editDistance(name, b)).slice(0, 3);
  const expected = `one of ${known.join(", ")}`;
  return new EmotionError("CONTEXT_UNKNOWN", `context must be ${expected}, not "${name.slice(0, 40)}"`, near);
}

/** Puts an emotion's phrases into a template; `level` 0 takes the strong ones, 1 the milder. */
function fill(template: string, emotion: EmotionName, level: 0 | 1): string {
  const { face, natural, urban, look } = descriptorTable[emotion];
  const words: Record<string, string> = {
    ...look,
    mouth: face.mouth[level]!,
    eyes: face.eyes[level]!,
    eyebrows: face.eyebrows[level]!,
    natural: natural[level]!,
    urban: urban[level]!,
    place: natural[level]!,
  };
  const text = template.replaceAll(/\{(\w+)\}/g, (_, name: string) => words[name]!);
  return text.replaceAll(/\ba (?=[aeiou])/g, "an ");
}

function withArticle(noun: string): string {
  return `${/^[aeiou]/.test(noun) ? "an" : "a"} ${noun}`;
}
