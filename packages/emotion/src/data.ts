import { z } from "zod";
import categoriesJson from "./data/categories.json" with { type: "json" };
import descriptorsJson from "./data/descriptors.json" with { type: "json" };
import taxonomyJson from "./data/taxonomy.json" with { type: "json" };
import { EMOTIONS } from "./taxonomy.ts";

const phrase = z.string().regex(/^\S.*[^.\s]$/, "a phrase without a full stop");
const phrases = z.array(phrase).min(2);

const emotionSchema = z.strictObject({
  name: z.enum(EMOTIONS),
  group: z.enum(["positive", "negative", "ambiguous", "neutral"]),
  ekman: z.enum(["anger", "disgust", "fear", "joy", "sadness", "surprise", "neutral"]),
  mikels: z.enum(["amusement", "awe", "contentment", "excitement", "anger", "disgust", "fear", "sadness"]).nullable(),
  synonyms: z.array(z.string().regex(/^[a-z]+$/)).min(2),
});

const descriptorSchema = z.strictObject({
  /** Strong phrase first, milder last. */
  face: z.strictObject({ mouth: phrases, eyes: phrases, eyebrows: phrases }),
  natural: phrases.min(3),
  urban: phrases.min(3),
  /** How a made thing carries the emotion; the categories' templates are filled from these. */
  look: z.strictObject({ colours: phrase, pattern: phrase, posture: phrase, finish: phrase, ornament: phrase }),
});

const stimulus = z.strictObject({ source: z.string().endsWith("."), target: z.string().endsWith(".") });
const categorySchema = z.strictObject({
  noun: z.string(),
  kind: z.enum(["shape", "colour", "material", "style"]),
  labels: z.array(z.string()).min(1).max(3),
  stimuli: z.tuple([stimulus, stimulus, stimulus]),
  descriptors: z.array(z.string()).min(3),
});

/** The emotions of the taxonomy, in its order. */
export const taxonomy = z.array(emotionSchema).length(EMOTIONS.length).parse(taxonomyJson);

/** Visible phrases by emotion. */
export const descriptorTable = z.record(z.enum(EMOTIONS), descriptorSchema).parse(descriptorsJson);

/** Sentence and phrase templates by category (and for the contexts `object` and `scene`). */
export const categoryTable = z.record(z.string(), categorySchema).parse(categoriesJson);

export type EmotionEntry = z.infer<typeof emotionSchema>;
export type CategoryEntry = z.infer<typeof categorySchema>;
