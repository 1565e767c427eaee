import { z } from "zod";
import coloursJson from "./data/colours.json" with { type: "json" };
import finishesJson from "./data/finishes.json" with { type: "json" };
import looksJson from "./data/looks.json" with { type: "json" };
import { EMOTIONS } from "./taxonomy.ts";

/** Named colours, name -> sRGB hex without '#'. */
export const COLOURS: Readonly<Record<string, string>> = z
  .record(z.string(), z.string().regex(/^[0-9a-f]{6}$/))
  .parse(coloursJson);

const share = z.number().min(0).max(1);
const finishSchema = z.strictObject({
  /** Microfacet roughness of the body. */
  roughness: share,
  /** Strength of the clear coat. */
  coat: share,
  /** How much dirt, scratches and patina lie on it. */
  grime: share,
  /** How much glitter is mixed in. */
  glitter: share,
  /** How much light passes through (glass, gems, glazes). */
  clarity: share,
  /** What becomes of metal parts: the thing's own metal, a certain metal, or a metal tinted by the main colour. */
  metal: z.enum(["own", "gold", "silver", "rose", "dark", "black", "tarnished", "main"]),
});

/** Physical meaning of the finish words. */
export const FINISHES = z.record(z.string(), finishSchema).parse(finishesJson);

const option = z.string().regex(/^[a-z][a-z -]*(\*\d+)?$/, "a name with an optional *weight");
const options = z.array(option).min(2);
/** Mean and half-width of a uniform draw. */
const range = z.tuple([z.number().min(-1).max(1), z.number().min(0).max(1)]);
const lookSchema = z.strictObject({
  /** "main/accent" colour pairs of {@link COLOURS}. */
  palettes: z.array(z.string().regex(/^[a-z ]+\/[a-z ]+(\*\d+)?$/)).min(4),
  patterns: options,
  ornaments: options,
  finishes: options,
  posture: z.strictObject({
    /** -1 stretches upwards, 1 hangs down. */
    droop: range,
    /** Tilt to one side (1 = about 35 degrees). */
    lean: range,
    /** Turn about the vertical axis along the height. */
    twist: range,
    /** Opening of the far end; negative closes it. */
    flare: range,
    /** Change of height, as a share. */
    height: range,
  }),
  /** -1 rounded .. 1 jagged. */
  edge: range,
  /** 0 new .. 1 damaged. */
  wear: range,
  scenery: z.strictObject({ times: options, weathers: options, growth: options, signs: options }),
});

/** How each emotion shows in made things and in places: weighted options, first the most typical. */
export const LOOKS = z.record(z.enum(EMOTIONS), lookSchema).parse(looksJson);

export type EmotionLook = z.infer<typeof lookSchema>;
export type FinishEntry = z.infer<typeof finishSchema>;
export type PostureAxis = keyof EmotionLook["posture"];

/** Reads "name*3" as ["name", 3]; a missing weight is 1. */
export function readOption(text: string): [name: string, weight: number] {
  const [name = "", weight = "1"] = text.split("*");
  return [name, Number(weight)];
}
