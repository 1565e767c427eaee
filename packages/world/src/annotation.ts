import type { EmotionName } from "@moodifier/emotion";
import type { PartName } from "./parts.ts";
import { PARTS } from "./parts.ts";
import type { Rendered } from "./rendered.ts";

/** [left, top, right, bottom] as fractions of the picture, two decimals, 0..0.99. */
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

/** A region that may change in the edit between two renders of one identity. */
export interface Region {
  readonly label: PartName;
  readonly box: Box;
}

/** Joins five sentences to an annotation. */
export function compose(
  summary: string,
  stimuli: readonly [Stimulus, Stimulus, Stimulus],
  emotion: EmotionName,
): Annotation {
  const overall = `The picture conveys ${emotion}.`;
  const caption = [summary, ...stimuli.map((stimulus) => stimulus.text), overall].join(" ");
  return { summary, stimuli, overall, emotion, caption };
}

/** Least visible share of the picture for a part to be a region of its own (20 pixels of 256 x 256). */
const REGION_SHARE = 20 / 65_536;

/** Boxes around both pictures' masks of each label, padded by 2 %; a part hidden in both pictures is left out. */
export function regionsOf(labels: readonly PartName[], a: Rendered, b: Rendered): Region[] {
  const boxesA = partBoxes(a);
  const boxesB = partBoxes(b);
  const regions: Region[] = [];
  for (const label of labels) {
    const id = PARTS.indexOf(label);
    if (partShare(a, id) + partShare(b, id) < REGION_SHARE) continue;
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

/** The part of a box between two heights (0 = top, 1 = bottom). */
export function sliceBox([left, top, right, bottom]: Box, slice: readonly [number, number] = [0, 1]): Box {
  const height = bottom - top;
  return roundBox([left, top + height * slice[0], right, top + height * slice[1]]);
}

export function unionBox(boxes: readonly Box[]): Box {
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
