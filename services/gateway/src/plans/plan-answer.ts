import { z } from "zod";
import { loadPicture } from "../edits/stored-pictures.ts";
import { joinWarnings } from "../edits/edit-result.ts";
import { planSummarySchema, warningSchema } from "../jobs/job-parts.ts";
import type { Storage } from "../storage/storage.ts";
import { drawOverlay } from "./plan-overlay.ts";
import type { StoredPlan } from "./plan-store.ts";
import { summarizePlan } from "./plan-view.ts";

const imageSchema = z.object({ media_type: z.string(), data: z.base64() });

const stateFields = {
  id: z.string(),
  status: z.enum(["draft", "approved"]).describe("An approved plan never changes."),
  version: z.int().describe("Rises with each change; the ETag."),
  name: z.string().optional(),
  created_at: z.iso.datetime(),
  updated_at: z.iso.datetime(),
  approved_at: z.iso.datetime().optional(),
  plan: planSummarySchema,
  image: z.object({ sha256: z.string(), width: z.int(), height: z.int() }).describe("The picture that was planned."),
  urls: z.object({ self: z.url(), approve: z.url() }),
};

/** A plan in answers. */
export const planAnswerSchema = z
  .object({
    ...stateFields,
    raw_reply: z.string().describe("The planner model's reply as it came."),
    mask: imageSchema.optional().describe("Single-channel PNG of the upright picture's size, white = may change."),
    overlay: imageSchema.optional().describe("The picture with the mask tinted and the boxes drawn."),
    warnings: z.array(warningSchema),
  })
  .meta({ id: "Plan", description: "How edits that follow this plan go." });

/** The answer of `GET /v1/plans`. */
export const planPageSchema = z
  .object({
    plans: z.array(z.object(stateFields)).describe("Newest first, without masks."),
    next_cursor: z.string().optional().describe("Unset on the last page."),
  })
  .meta({ id: "PlanPage", description: "A page of plans." });

/** Path of a plan. */
export function planPath(id: string): string {
  return `/v1/plans/${id}`;
}

/** The plan without pictures. */
export function viewPlanState(stored: StoredPlan, base: string): z.infer<typeof planPageSchema>["plans"][number] {
  const self = `${base}${planPath(stored.id)}`;
  return {
    id: stored.id,
    status: stored.status,
    version: stored.version,
    ...(stored.name !== undefined && { name: stored.name }),
    created_at: timestamp(stored.createdAt),
    updated_at: timestamp(stored.updatedAt),
    ...(stored.approvedAt !== undefined && { approved_at: timestamp(stored.approvedAt) }),
    plan: summarizePlan(stored.plan),
    image: { sha256: stored.image.key, width: stored.width, height: stored.height },
    urls: { self, approve: `${self}:approve` },
  };
}

/** The whole plan, with the overlay when it is wanted. */
export async function viewPlan(
  stored: StoredPlan,
  { base, overlay, storage, signal }: { base: string; overlay: boolean; storage: Storage; signal: AbortSignal },
): Promise<z.infer<typeof planAnswerSchema>> {
  const { plan, image, warnings } = stored;
  const drawn = overlay && (await drawOverlay((await loadPicture(storage, image, signal)).data, plan, signal));
  return {
    ...viewPlanState(stored, base),
    raw_reply: plan.rawReply,
    ...(plan.maskPng.length > 0 && { mask: asImage(plan.maskPng) }),
    ...(drawn && { overlay: asImage(drawn) }),
    warnings: joinWarnings(warnings, plan.warnings),
  };
}

function asImage(png: Buffer): z.infer<typeof imageSchema> {
  return { media_type: "image/png", data: png.toString("base64") };
}

function timestamp(ms: number): string {
  return new Date(ms).toISOString();
}
