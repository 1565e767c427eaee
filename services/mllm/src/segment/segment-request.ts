import type { Picture } from "@moodifier/inference";
import { encodeMask } from "@moodifier/inference";
import type { common, mllm } from "@moodifier/proto";
import { MoodError } from "@moodifier/service-kit";
import type { Box } from "@moodifier/tensor";
import { createSquareView, type SquareView } from "../picture/square-view.ts";
import { finishPart } from "./part-mask.ts";
import type { PartPrompt, Segmenter } from "./segmenter.ts";

const MAX_PROMPTS = 8;
const MAX_POINTS = 8;

/** Throws MoodError INVALID_ARGUMENT unless there are 1..8 prompts and each has a box, 1..8 points or a known part name. */
export function checkPrompts(prompts: mllm.SegmentPrompt[], labels: readonly string[]): void {
  if (prompts.length < 1 || prompts.length > MAX_PROMPTS) {
    throw new MoodError(
      "INVALID_ARGUMENT",
      "ITEMS_COUNT",
      `prompts must have 1 to ${MAX_PROMPTS} entries, got ${prompts.length}`,
    );
  }
  for (const [index, { box, points, text }] of prompts.entries()) {
    const name = `prompts[${index}]`;
    if (!box && points.length === 0 && text === "") {
      throw new MoodError("INVALID_ARGUMENT", "PROMPT_EMPTY", `${name} must have a box, points or text`);
    }
    if (box && !isBox(box)) {
      throw new MoodError(
        "INVALID_ARGUMENT",
        "BOX_INVALID",
        `${name}.box must have 0 <= x0 < x1 <= 1 and 0 <= y0 < y1 <= 1`,
      );
    }
    if (points.length > MAX_POINTS || !points.every(({ x, y }) => isFraction(x) && isFraction(y))) {
      throw new MoodError(
        "INVALID_ARGUMENT",
        "POINT_INVALID",
        `${name}.points must be at most ${MAX_POINTS} points within 0..1`,
      );
    }
    if (text !== "" && !labels.includes(text)) {
      throw new MoodError("INVALID_ARGUMENT", "PART_UNKNOWN", `${name}.text must be one of ${labels.join(", ")}`, {
        details: { known: labels },
      });
    }
  }
}

/** Draws one mask for each checked prompt, in order. */
export async function segmentPicture(
  segmenter: Segmenter,
  picture: Picture,
  prompts: mllm.SegmentPrompt[],
  signal: AbortSignal,
): Promise<mllm.SegmentMask[]> {
  const view = await createSquareView(picture);
  const drawn = await segmenter.draw(
    view.picture,
    prompts.map((prompt) => toPartPrompt(prompt, view)),
    signal,
  );
  const masks: mllm.SegmentMask[] = [];
  for (const probabilities of drawn) {
    signal.throwIfAborted();
    const { mask, confidence } = finishPart(probabilities, view, picture, { grow: false });
    masks.push({ maskPng: await encodeMask(mask), confidence });
  }
  return masks;
}

function toPartPrompt({ box, points, text }: mllm.SegmentPrompt, view: SquareView): PartPrompt {
  return {
    box: box && view.toView([box.x0, box.y0, box.x1, box.y1] satisfies Box),
    points: points.map(({ x, y }) => {
      const [vx, vy] = view.toView([x, y, x, y]);
      return { x: vx, y: vy };
    }),
    label: text === "" ? undefined : text,
  };
}

function isBox({ x0, y0, x1, y1 }: common.Box): boolean {
  return [x0, y0, x1, y1].every(isFraction) && x0 < x1 && y0 < y1;
}

function isFraction(value: number): boolean {
  return value >= 0 && value <= 1;
}
