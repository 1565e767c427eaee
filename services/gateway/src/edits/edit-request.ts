import type { z } from "zod";
import { resolveEmotion } from "../emotions/resolve-emotion.ts";
import { toOutput } from "../finishing/output-fields.ts";
import { checkFields } from "../http/checked-fields.ts";
import { refuse } from "../http/refuse.ts";
import type { RequestBody } from "../http/upload.ts";
import type { EditSettings, JobInput, NewJob } from "../jobs/job.ts";
import type { PlanStore } from "../plans/plan-store.ts";
import { type editFieldsSchema, editRequestSchema } from "./edit-fields.ts";
import { isScored } from "./score-emotion.ts";
import { readSourcePicture } from "./source-picture.ts";

/** The fields of an edit request that hold pictures. */
export const editFiles = ["image", "mask"] as const;

/** What the client asked for: the input of the job, and how to treat it. */
export interface EditRequest {
  readonly input: JobInput;
  readonly planId?: string;
  readonly treatment: Pick<NewJob, "lane" | "priority" | "startWithinMs" | "finishWithinMs" | "externalId">;
}

/** Turns a request body into the input of a job; everything that can be refused without a model is refused here. */
export async function readEditRequest(
  body: RequestBody,
  context: { readonly tenantId: string; readonly plans: PlanStore; readonly signal: AbortSignal },
): Promise<EditRequest> {
  const fields = checkFields(editRequestSchema, body);
  const { plan_id: planId, start_within: startWithin, finish_within: finishWithin, external_id: externalId } = fields;
  const settings = toSettings({ ...fields, ...(await wishOf(fields, body, context)) });
  const source = await readSourcePicture(body, context.signal);
  const output = toOutput(fields, source.hasAlpha);
  return {
    input: { settings: { ...settings, ...(output && { output }) }, ...source },
    ...(planId !== undefined && { planId }),
    treatment: {
      lane: fields.lane,
      priority: fields.priority,
      ...(startWithin !== undefined && { startWithinMs: startWithin * 1000 }),
      ...(finishWithin !== undefined && { finishWithinMs: finishWithin * 1000 }),
      ...(externalId !== undefined && { externalId }),
    },
  };
}

/** The emotion that the plan carries, or that the request names. A request can't ask for another wish than its plan's: an option that changes nothing would be ignored in silence. */
async function wishOf(
  { plan_id: planId, emotion }: z.output<typeof editRequestSchema>,
  body: RequestBody,
  { tenantId, plans }: { tenantId: string; plans: PlanStore },
): Promise<{ emotion: string; intensity?: number }> {
  if (planId === undefined) {
    if (emotion !== undefined) return { emotion };
    throw refuse("FIELD_MISSING", { argument: "emotion", expected: "one of GET /v1/emotions", got: "nothing" });
  }
  const planned = ["emotion", "intensity", "region", "category"].find((name) => body.fields[name] !== undefined);
  if (planned !== undefined) {
    const expected = "nothing beside plan_id: the plan says it";
    throw refuse("FIELD_CONFLICT", { argument: planned, expected, got: "a value" });
  }
  const { plan } = await plans.read(tenantId, planId);
  return { emotion: plan.emotion, intensity: plan.intensity };
}

/** The settings of checked fields. Errors: EMOTION_UNKNOWN, FIELD_CONFLICT. */
export function toSettings(fields: z.output<typeof editFieldsSchema>): EditSettings {
  const { steps, guidance_scale, cross_replace, self_replace, feather_px, region, category, method } = fields;
  const emotion = resolveEmotion(fields.emotion);
  if (fields.scores && !isScored(emotion)) {
    throw refuse("FIELD_CONFLICT", { argument: "scores", expected: `false for ${emotion}`, got: "true" });
  }
  return {
    emotion,
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
    ...(fields.scores && { scores: true }),
  };
}
