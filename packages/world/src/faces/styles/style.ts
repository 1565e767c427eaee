import type { EmotionName } from "@moodifier/emotion";
import type { Style as Drawing } from "@dicebear/core";
import type { PartName } from "../../parts.ts";

/** Component name -> variant name, for everything that the emotion owns. */
export type Expression = Readonly<Record<string, string>>;

/** An optional-weight list of variants: strong ones, then the milder ones used below intensity 0.5. */
export interface Choices {
  readonly strong: readonly (readonly [string, number])[];
  readonly mild: readonly (readonly [string, number])[];
}

/** What makes a figure this figure: every drawing option that emotion does not own. */
export interface Identity {
  readonly background: string;
  /** Component -> variant; an absent optional component is "". */
  readonly components: Readonly<Record<string, string>>;
  /** Colour option -> hex without '#'. */
  readonly colours: Readonly<Record<string, string>>;
  /** Percent of the drawing's own size. */
  readonly zoom: number;
  /** Percent of the picture's width and height. */
  readonly shiftX: number;
  readonly shiftY: number;
  readonly flip: boolean;
}

/** One of the three stimuli that a caption names. */
export interface Aspect {
  readonly subject: "mouth" | "eyes" | "eyebrows" | "face";
  /** The component whose variant decides the words. */
  readonly component: string;
  /** Variant -> two or more ways to say what is seen; completes "The mouth is ...". */
  readonly words: Readonly<Record<string, readonly string[]>>;
  /** The part whose mask gives the box. */
  readonly part: PartName;
  /** Vertical slice of that part's box (0 = top, 1 = bottom) when several aspects share one part. */
  readonly slice?: readonly [number, number];
}

/** A drawing style: which options are identity, which are expression, and how both are said in words. */
export interface FaceStyle {
  readonly name: string;
  /** How captions call the style. */
  readonly label: string;
  readonly drawing: Drawing<object>;
  /** Expression component -> the part it paints. */
  readonly parts: Readonly<Record<string, PartName>>;
  /** Identity component -> variant -> words; "" is the absent variant of an optional component. */
  readonly components: Readonly<Record<string, Readonly<Record<string, string>>>>;
  /** Optional component -> percent of figures that have it. */
  readonly optional: Readonly<Record<string, number>>;
  /** Colour option -> hex -> words. */
  readonly colours: Readonly<Record<string, Readonly<Record<string, string>>>>;
  /** Colour options that always take one value. */
  readonly fixedColours?: Readonly<Record<string, string>>;
  readonly zoom: readonly [number, number];
  /** "a person with ..." from the words of the chosen components and colours. */
  readonly describe: (words: Readonly<Record<string, string>>) => string;
  readonly aspects: readonly [Aspect, Aspect, Aspect];
  readonly expressions: Readonly<Record<EmotionName, Readonly<Record<string, Choices>>>>;
}

/** Reads "smile*3 default ~ twinkle": names with optional weights, then after "~" the milder ones (the strong ones when absent). */
export function choices(text: string): Choices {
  const [strong = "", mild] = text.split("~");
  const read = (list: string): [string, number][] =>
    list
      .trim()
      .split(/\s+/)
      .map((item) => {
        const [name = "", weight = "1"] = item.split("*");
        return [name, Number(weight)];
      });
  return { strong: read(strong), mild: read(mild ?? strong) };
}

/** A table row: one choice text per expression component, in the order of `names`. */
export function rows(
  names: readonly string[],
  table: Readonly<Record<EmotionName, readonly string[]>>,
): Record<EmotionName, Record<string, Choices>> {
  const entries = Object.entries(table).map(([emotion, texts]) => [
    emotion,
    Object.fromEntries(names.map((name, i) => [name, choices(texts[i]!)])),
  ]);
  return Object.fromEntries(entries) as Record<EmotionName, Record<string, Choices>>;
}
