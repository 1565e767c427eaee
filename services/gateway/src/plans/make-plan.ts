import type { common } from "@moodifier/proto";
import { z } from "zod";
import type { Backends } from "../backends/backends.ts";
import { planRequestSchema } from "../edits/edit-fields.ts";
import { joinWarnings } from "../edits/edit-result.ts";
import { planEdit } from "../edits/edit-work.ts";
import { readSourcePicture } from "../edits/source-picture.ts";
import { resolveEmotion } from "../emotions/resolve-emotion.ts";
import { checkFields } from "../http/checked-fields.ts";
import type { RequestBody } from "../http/upload.ts";
import { planSummarySchema, warningSchema } from "../jobs/job-parts.ts";
import { drawOverlay } from "./plan-overlay.ts";
import { summarizePlan } from "./plan-view.ts";

const imageSchema = z.object({ media_type: z.string(), data: z.base64() });

/** The answer to `POST /v1/plans`. */
export const planAnswerSchema = z
  .object({
    plan: planSummarySchema,
    raw_reply: z.string().describe("The planner model's reply as it came."),
    mask: imageSchema.optional().describe("Single-channel PNG of the upright picture's size, white = may change."),
    overlay: imageSchema.optional().describe("The picture with the mask tinted and the boxes drawn."),
    warnings: z.array(warningSchema),
  })
  .meta({ id: "Plan", description: "How an edit would go." });

export type PlanAnswer = z.infer<typeof planAnswerSchema>;

/** Plans the edit that a request describes. `signal` aborts when the client has gone. */
export async function makePlan(backends: Backends, body: RequestBody, signal: AbortSignal): Promise<PlanAnswer> {
  const { overlay, emotion, region, category, intensity } = checkFields(planRequestSchema, body);
  const settings = {
    emotion: resolveEmotion(emotion),
    intensity,
    seed: 0n,
    previewEvery: 0,
    ...(region !== undefined && { region }),
    ...(category !== undefined && { category }),
  };
  const source = await readSourcePicture(body, signal);
  const plan = await planEdit(backends, { settings, ...source }, { signal });
  return {
    plan: summarizePlan(plan),
    raw_reply: plan.rawReply,
    ...(plan.maskPng.length > 0 && { mask: asImage(plan.maskPng) }),
    ...(overlay && { overlay: asImage(await drawOverlay(source.image.data, plan, signal)) }),
    warnings: joinWarnings(source.warnings, plan.warnings),
  };
}

function asImage(png: common.EditPlan["maskPng"]): z.infer<typeof imageSchema> {
  return { media_type: "image/png", data: png.toString("base64") };
}
