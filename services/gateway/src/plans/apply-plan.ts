import { decodeMask, encodeMask } from "@moodifier/inference";
import { common } from "@moodifier/proto";
import { type CallOptions, MoodError } from "@moodifier/service-kit";
import { type Backends, callBackend } from "../backends/backends.ts";
import type { JobInput } from "../jobs/job.ts";
import type { StoredPlan } from "./plan-store.ts";

/** The picture that follows the plan. */
export type PlannedPicture = Pick<JobInput, "image" | "width" | "height" | "mask"> & { readonly imageKey: string };

/**
 * A stored plan for a picture. For the planned picture it stays as it is. For another one captions, prompt, kind and strengths stay, so that many pictures get one look, while the mask is drawn anew: by the
 * segmenter at the plan's regions, else from the regions' boxes, else the whole picture may change. The caller's mask comes before any of them.
 */
export async function applyPlan(
  backends: Backends,
  { plan, image }: Pick<StoredPlan, "plan" | "image">,
  picture: PlannedPicture,
  options: CallOptions,
): Promise<common.EditPlan> {
  if (picture.mask) return { ...plan, maskPng: picture.mask.png, maskSource: common.MaskSource.USER };
  if (picture.imageKey === image.key) return plan;
  const boxed = plan.regions.filter(({ box }) => box !== undefined);
  const moved = { ...plan, regions: plan.regions.map((region) => ({ ...region, maskPng: Buffer.alloc(0) })) };
  if (boxed.length === 0) return { ...moved, maskPng: Buffer.alloc(0), maskSource: common.MaskSource.WHOLE };
  const masks = await segment(backends, boxed, picture, options);
  if (masks) return { ...moved, maskPng: await unite(masks, picture), maskSource: common.MaskSource.SEGMENTER };
  return { ...moved, maskPng: await drawBoxes(boxed, picture), maskSource: common.MaskSource.BOX };
}

/** The segmenter's masks; undefined when it doesn't know the parts. */
async function segment(
  backends: Backends,
  regions: readonly common.Region[],
  { image }: PlannedPicture,
  options: CallOptions,
): Promise<Buffer[] | undefined> {
  const prompts = regions.slice(0, 8).map(({ box, label }) => ({ box, points: [], text: label }));
  try {
    const { masks } = await callBackend("mllm", () => backends.mllm.segment({ image, prompts }, options));
    return masks.map(({ maskPng }) => maskPng);
  } catch (error) {
    const unable = error instanceof MoodError && ["INVALID_ARGUMENT", "UNIMPLEMENTED"].includes(error.code);
    if (unable) return undefined;
    throw error;
  }
}

async function unite(masks: readonly Buffer[], { width, height }: PlannedPicture): Promise<Buffer> {
  const data = new Float32Array(width * height);
  for (const png of masks) {
    const mask = await decodeMask(png, { width, height });
    mask.data.forEach((value, pixel) => {
      if (value > (data[pixel] as number)) data[pixel] = value;
    });
  }
  return encodeMask({ width, height, data });
}

function drawBoxes(regions: readonly common.Region[], { width, height }: PlannedPicture): Promise<Buffer> {
  const data = new Float32Array(width * height);
  for (const { box } of regions) {
    if (!box) continue;
    for (let y = Math.floor(box.y0 * height); y < Math.min(height, Math.ceil(box.y1 * height)); y += 1) {
      data.fill(1, y * width + Math.floor(box.x0 * width), y * width + Math.min(width, Math.ceil(box.x1 * width)));
    }
  }
  return encodeMask({ width, height, data });
}
