import type { EmotionName } from "@moodifier/emotion";
import type { Rendered } from "./render.ts";
import { hashKey } from "./random.ts";
import type { Scene } from "./scene.ts";
import { BACKGROUNDS } from "./styles/background.ts";
import { findStyle } from "./styles/index.ts";
import { PARTS, type Aspect, type FaceStyle, type PartName } from "./styles/style.ts";

/** [left, top, right, bottom] as fractions of the picture, two decimals, 0..1. */
export type Box = readonly [number, number, number, number];

/** One thing in the picture that carries the emotion. */
export interface Stimulus {
  readonly part: PartName;
  /** A whole sentence: "The mouth is ...". */
  readonly text: string;
  readonly box: Box;
}

/** The five sentences of a picture: summary, three stimuli, overall emotion. */
export interface Annotation {
  readonly summary: string;
  readonly stimuli: readonly [Stimulus, Stimulus, Stimulus];
  readonly overall: string;
  readonly emotion: EmotionName;
  /** All five sentences joined by spaces. */
  readonly caption: string;
}

/**
 * Describes a rendered scene. Sentences keep one order and one template, and a variant keeps its words within an identity,
 * so that the captions of a scene and of its true edit align token by token.
 */
export function annotate(scene: Scene, rendered: Rendered): Annotation {
  const style = findStyle(scene.style);
  const summary = summarise(scene, style);
  const boxes = partBoxes(rendered);
  const [first, second, third] = style.aspects;
  const see = (aspect: Aspect): Stimulus => ({
    part: aspect.part,
    text: sentence(scene, aspect),
    box: sliceBox(boxes.get(aspect.part) ?? boxes.get("eyes") ?? boxes.get("face") ?? [0, 0, 1, 1], aspect.slice),
  });
  const stimuli = [see(first), see(second), see(third)] as const;
  const overall = `The picture conveys ${scene.emotion}.`;
  const caption = [summary, ...stimuli.map((stimulus) => stimulus.text), overall].join(" ");
  return { summary, stimuli, overall, emotion: scene.emotion, caption };
}

/** A region that may change in the edit between two renders of one identity. */
export interface Region {
  readonly label: PartName;
  readonly box: Box;
}

/** Least visible share of the picture for a part to be a region of its own (20 pixels of 256 x 256). */
const REGION_SHARE = 20 / 65_536;

/**
 * The parts whose drawing differs between a scene and its true edit, each boxed around both masks with 2 % of padding.
 * A part hidden in both pictures is left out.
 */
export function changedRegions(a: Scene, renderedA: Rendered, b: Scene, renderedB: Rendered): Region[] {
  const style = findStyle(a.style);
  const labels = Object.entries(style.parts)
    .filter(([component]) => a.expression[component] !== b.expression[component])
    .map(([, part]) => part);
  const boxesA = partBoxes(renderedA);
  const boxesB = partBoxes(renderedB);
  const regions: Region[] = [];
  for (const label of labels) {
    const id = PARTS.indexOf(label);
    if (partShare(renderedA, id) + partShare(renderedB, id) < REGION_SHARE) continue;
    const found = [boxesA.get(label), boxesB.get(label)].filter((box) => box !== undefined);
    if (found.length > 0) regions.push({ label, box: padBox(unionBox(found), 0.02) });
  }
  return regions;
}

function partShare(rendered: Rendered, id: number): number {
  let count = 0;
  for (const part of rendered.parts) if (part === id) count++;
  return count / rendered.parts.length;
}

function summarise(scene: Scene, style: FaceStyle): string {
  const { components, colours, background } = scene.identity;
  const words: Record<string, string> = {};
  for (const [option, names] of Object.entries(style.colours)) {
    words[option.replace(/Color$/, "")] = names[colours[option]!] ?? "";
  }
  const colourWords = { ...words };
  for (const [component, variants] of Object.entries(style.components)) {
    const text = variants[components[component]!] ?? "";
    // A component without words of its own leaves a colour of the same name alone.
    if (text !== "" || !(component in words))
      words[component] = text.replaceAll(/%(\w+)/g, (_, name: string) => colourWords[name] ?? "");
  }
  const figure = style.describe(words).replaceAll(/\ba (?=[aeiou])/g, "an ");
  return `A cartoon portrait of ${figure} on a ${BACKGROUNDS[background]} background in the ${style.label} style.`;
}

function sentence(scene: Scene, aspect: Aspect): string {
  const variant = scene.expression[aspect.component]!;
  const ways = aspect.words[variant]!;
  const way = ways[hashKey("words", scene.seed, aspect.subject, variant) % ways.length]!;
  const verb = aspect.subject === "eyes" || aspect.subject === "eyebrows" ? "are" : "is";
  return `The ${aspect.subject} ${verb} ${way}.`;
}

/** The bounding box of every part that has a visible pixel. */
export function partBoxes(rendered: Rendered): Map<PartName, Box> {
  const { width, height, parts } = rendered;
  const edges = PARTS.map(() => [width, height, 0, 0] as [number, number, number, number]);
  for (let y = 0, i = 0; y < height; y++) {
    for (let x = 0; x < width; x++, i++) {
      const edge = edges[parts[i]!]!;
      if (x < edge[0]) edge[0] = x;
      if (y < edge[1]) edge[1] = y;
      if (x + 1 > edge[2]) edge[2] = x + 1;
      if (y + 1 > edge[3]) edge[3] = y + 1;
    }
  }
  const boxes = new Map<PartName, Box>();
  edges.forEach(([left, top, right, bottom], id) => {
    if (id > 0 && right > left)
      boxes.set(PARTS[id]!, roundBox([left / width, top / height, right / width, bottom / height]));
  });
  return boxes;
}

function sliceBox([left, top, right, bottom]: Box, slice: readonly [number, number] = [0, 1]): Box {
  const height = bottom - top;
  return roundBox([left, top + height * slice[0], right, top + height * slice[1]]);
}

function unionBox(boxes: readonly Box[]): Box {
  return [
    Math.min(...boxes.map((box) => box[0])),
    Math.min(...boxes.map((box) => box[1])),
    Math.max(...boxes.map((box) => box[2])),
    Math.max(...boxes.map((box) => box[3])),
  ];
}

function padBox([left, top, right, bottom]: Box, by: number): Box {
  return roundBox([left - by, top - by, right + by, bottom + by]);
}

/** Two decimals within 0..0.99: the planner writes boxes as "0.dd". */
function roundBox(box: Box): Box {
  const round = (value: number): number => Math.min(0.99, Math.max(0, Math.round(value * 100) / 100));
  return [round(box[0]), round(box[1]), round(box[2]), round(box[3])];
}
