import { decodeMask, encodeMask } from "@moodifier/inference";
import { common } from "@moodifier/proto";
import { type CallOptions, MoodError } from "@moodifier/service-kit";
import { type Backends, callBackend } from "../backends/backends.ts";
import { quote, refuse } from "../http/refuse.ts";
import type { JobInput } from "../jobs/job.ts";
import type { StoredPlan } from "./plan-store.ts";

/** The picture that follows the plan. */
export type PlannedPicture = Pick<JobInput, "image" | "width" | "height" | "mask"> & { readonly imageKey: string };

/** Parts that the segmenter takes at once. */
const maxPrompts = 8;

/**
 * A stored plan for a picture. For the planned picture it stays as it is. For another one captions, prompt, kind and strengths stay, so that many pictures get one look, while the mask is drawn anew: by the
 * segmenter for the plan's regions, by name and at their boxes, else from the boxes. A plan without regions lets the whole picture change. The caller's mask comes before any of them. Errors: those of
 * the segmenter; REGION_UNKNOWN for a region that has only a name and is not found by it.
 */
export async function applyPlan(
  backends: Backends,
  { plan, image }: Pick<StoredPlan, "plan" | "image">,
  picture: PlannedPicture,
  options: CallOptions,
): Promise<common.EditPlan> {
  if (picture.mask) return { ...plan, maskPng: picture.mask.png, maskSource: common.MaskSource.USER };
  if (picture.imageKey === image.key) return plan;
  const { regions } = plan;
  const moved = { ...plan, regions: regions.map((region) => ({ ...region, maskPng: Buffer.alloc(0) })) };
  if (regions.length === 0) return { ...moved, maskPng: Buffer.alloc(0), maskSource: common.MaskSource.WHOLE };
  const drawn = await segment(backends, regions, picture, options);
  return { ...moved, ...(await unite(regions, drawn, picture)) };
}

/** The segmenter's masks of the regions, in order; undefined for a part that it doesn't know, none at all without a segmenter. */
async function segment(
  backends: Backends,
  regions: readonly common.Region[],
  picture: Pick<PlannedPicture, "image">,
  options: CallOptions,
  known?: readonly string[],
): Promise<(Buffer | undefined)[]> {
  const prompts = regions.map(({ box, label }) => ({
    box,
    points: [],
    text: known?.includes(label) === false ? "" : label,
  }));
  const asked = prompts.filter(({ box, text }) => box !== undefined || text !== "").slice(0, maxPrompts);
  if (asked.length === 0) return [];
  try {
    const { masks } = await callBackend("mllm", () =>
      backends.mllm.segment({ image: picture.image, prompts: asked }, options),
    );
    return prompts.map((prompt) => masks[asked.indexOf(prompt)]?.maskPng);
  } catch (error) {
    if (!(error instanceof MoodError)) throw error;
    const { known: labels } = error.details;
    if (error.reason === "PART_UNKNOWN" && known === undefined && Array.isArray(labels)) {
      return segment(backends, regions, picture, options, labels.map(String));
    }
    const isUnable = error.reason === "SEGMENTER_MISSING" || ["INVALID_ARGUMENT", "UNIMPLEMENTED"].includes(error.code);
    if (isUnable) return [];
    throw error;
  }
}

/** All regions in one mask: what was drawn, or the box of a region of which nothing was. */
async function unite(
  regions: readonly common.Region[],
  drawn: readonly (Buffer | undefined)[],
  size: Pick<PlannedPicture, "width" | "height">,
): Promise<Pick<common.EditPlan, "maskPng" | "maskSource">> {
  const { width, height } = size;
  const data = new Float32Array(width * height);
  let maskSource: common.MaskSource = common.MaskSource.BOX;
  for (const [index, { box, label }] of regions.entries()) {
    const png = drawn[index];
    const mask = png && (await decodeMask(png, { width, height })).data;
    if (mask?.some((value) => value >= 0.5)) {
      maskSource = common.MaskSource.SEGMENTER;
      for (const [pixel, value] of mask.entries()) if (value > (data[pixel] as number)) data[pixel] = value;
    } else if (box) drawBox(data, box, size);
    else {
      const expected = "a part that the segmenter finds in this picture, or a box beside the label";
      throw refuse("REGION_UNKNOWN", { argument: "regions", expected, got: quote(label) });
    }
  }
  return { maskPng: await encodeMask({ width, height, data }), maskSource };
}

function drawBox(
  data: Float32Array,
  { x0, y0, x1, y1 }: common.Box,
  { width, height }: { readonly width: number; readonly height: number },
): void {
  for (let y = Math.floor(y0 * height); y < Math.min(height, Math.ceil(y1 * height)); y += 1) {
    data.fill(1, y * width + Math.floor(x0 * width), y * width + Math.min(width, Math.ceil(x1 * width)));
  }
}
