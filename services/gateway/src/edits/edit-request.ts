import type { z } from "zod";
import { resolveEmotion } from "../emotions/resolve-emotion.ts";
import { checkFields } from "../http/checked-fields.ts";
import type { RequestBody } from "../http/upload.ts";
import type { EditSettings, JobInput } from "../jobs/job.ts";
import { editFieldsSchema } from "./edit-fields.ts";
import { readSourcePicture } from "./source-picture.ts";

/** The fields of an edit request that hold pictures. */
export const editFiles = ["image", "mask"] as const;

/** Turns a request body into the input of a job; everything that can be refused without a model is refused here. */
export async function readEditRequest(body: RequestBody, signal: AbortSignal): Promise<JobInput> {
  const settings = toSettings(checkFields(editFieldsSchema, body));
  return { settings, ...(await readSourcePicture(body, signal)) };
}

function toSettings(fields: z.output<typeof editFieldsSchema>): EditSettings {
  const { steps, guidance_scale, cross_replace, self_replace, feather_px, region, category, method } = fields;
  return {
    emotion: resolveEmotion(fields.emotion),
    intensity: fields.intensity,
    seed: fields.seed,
    previewEvery: fields.preview_every,
    ...(steps !== undefined && { steps }),
    ...(guidance_scale !== undefined && { guidanceScale: guidance_scale }),
    ...(cross_replace !== undefined && { crossReplace: cross_replace }),
    ...(self_replace !== undefined && { selfReplace: self_replace }),
    ...(feather_px !== undefined && { featherPx: feather_px }),
    ...(region !== undefined && { region }),
    ...(category !== undefined && { category }),
    ...(method !== undefined && { method }),
  };
}
