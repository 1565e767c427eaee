import type { ContextName, EmotionName } from "@moodifier/emotion";

/** Under which terms a picture may be used, as its source states them. */
export interface Licence {
  /** SPDX identifier where one exists, else the source's own name, for example "CC-BY-4.0" or "Pexels". */
  readonly id: string;
  readonly url?: string;
}

/** Where a picture's bytes lie: in the pack of a unit of `collect`. */
export interface Blob {
  readonly unit: number;
  /** First byte in the pack. */
  readonly offset: number;
  readonly bytes: number;
}

/** What `collect` knows of a picture. One line of `stages/collect/NNNNNN.jsonl`. */
export interface CollectedRecord {
  /** The first 24 hex digits of `sha256`. */
  readonly id: string;
  /** Where it came from; a page or file that a person can find again. */
  readonly uri: string;
  /** SHA-256 of the bytes, hex. */
  readonly sha256: string;
  /** What the source calls it; `filter` puts what the bytes are. */
  readonly mediaType: string;
  readonly licence: Licence;
  /** Whom to name, as the licence asks; empty when nobody need be named. */
  readonly attribution: string;
  /** Name of the provider. */
  readonly source: string;
  /** The emotion that was searched for; absent when the source says none, then the annotation decides. */
  readonly emotion?: EmotionName;
  readonly context: ContextName;
  readonly category?: string;
  /** Pictures of one group show the same thing or come from the same hand and never end in different splits. */
  readonly group: string;
  /** The source's own words for the picture. */
  readonly alt?: string;
  /** The search phrase that found it. */
  readonly phrase?: string;
  readonly blob: Blob;
}

/** What `filter` adds. */
export interface FilteredRecord extends CollectedRecord {
  /** Upright size in pixels. */
  readonly width: number;
  readonly height: number;
  /** 256-bit block-mean-value hash, hex. */
  readonly phash: string;
  /** Mean colours of 4 x 4 blocks, 48 bytes in base64. */
  readonly colours: string;
  /** Probability that the picture is not safe for work, 0..1; absent when no classifier ran. */
  readonly nsfw?: number;
}

/** Left, top, right, bottom as fractions of the upright picture, 0..1. */
export type Box = readonly [number, number, number, number];

/** The five-sentence caption. */
export interface Annotation {
  readonly summary: string;
  readonly stimuli: readonly { readonly text: string; readonly box: Box }[];
  readonly overall: string;
  readonly emotion: EmotionName;
  readonly modelId: string;
}

/** What `annotate` adds; the emotion is known from here on. */
export interface AnnotatedRecord extends FilteredRecord {
  readonly emotion: EmotionName;
  readonly annotation: Annotation;
}

/** What `score` adds. */
export interface ScoredRecord extends AnnotatedRecord {
  /** Similarity of the picture with its emotion's phrases, -1..1. */
  readonly clipScore: number;
}

/** A record that a stage let go, kept beside the others. */
export interface RefusedRecord {
  readonly reason: string;
  readonly detail: string;
  readonly id?: string;
  readonly uri?: string;
  readonly emotion?: string | undefined;
}

/** The five sentences as one text. */
export function captionOf({ summary, stimuli, overall }: Annotation): string {
  return [summary, ...stimuli.map(({ text }) => text), overall].join(" ");
}
