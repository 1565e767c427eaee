import { common } from "@moodifier/proto";
import { z } from "zod";
import { boxSchema } from "../jobs/job-parts.ts";

const fraction = z.number().min(0).max(1);

const kinds = {
  shape: common.EditKind.SHAPE,
  colour: common.EditKind.COLOUR,
  material: common.EditKind.MATERIAL,
  style: common.EditKind.STYLE,
  add: common.EditKind.ADD,
  remove: common.EditKind.REMOVE,
} as const;

/** What `PATCH /v1/plans/{id}` may change; what is left out stays. */
export const planChangeSchema = z.strictObject({
  name: z.string().trim().min(1).max(200).optional(),
  source_caption: z.string().trim().min(1).max(2000).optional().describe("What the source picture shows."),
  target_prompt: z.string().trim().min(1).max(2000).optional().describe("The detail prompt of the edited picture."),
  kind: z.enum(Object.keys(kinds) as [keyof typeof kinds]).optional(),
  blend_words: z.array(z.string().min(1).max(64)).max(16).optional(),
  regions: z
    .array(z.strictObject({ label: z.string().trim().min(1).max(64), box: boxSchema.optional() }))
    .max(8)
    .optional()
    .describe("Parts that may change; the mask is drawn anew from them. None: the whole picture may change."),
  preset: z
    .strictObject({
      cross_replace: fraction.optional(),
      self_replace: fraction.optional(),
      steps: z.int().min(1).max(50).optional(),
      guidance_scale: z.number().gt(1).max(15).optional(),
    })
    .optional(),
});

export type PlanChange = z.output<typeof planChangeSchema>;

/** The plan with the changes; new regions have no masks yet. */
export function changePlan(plan: common.EditPlan, change: PlanChange): common.EditPlan {
  const { preset = {}, regions } = change;
  return {
    ...plan,
    sourceCaption: change.source_caption ?? plan.sourceCaption,
    targetPrompt: change.target_prompt ?? plan.targetPrompt,
    kind: change.kind === undefined ? plan.kind : kinds[change.kind],
    blendWords: change.blend_words ?? plan.blendWords,
    preset: plan.preset && {
      crossReplace: preset.cross_replace ?? plan.preset.crossReplace,
      selfReplace: preset.self_replace ?? plan.preset.selfReplace,
      steps: preset.steps ?? plan.preset.steps,
      guidanceScale: preset.guidance_scale ?? plan.preset.guidanceScale,
    },
    regions: regions ? regions.map(toRegion) : plan.regions,
  };
}

function toRegion({ label, box }: NonNullable<PlanChange["regions"]>[number]): common.Region {
  const [x0, y0, x1, y1] = box ?? [0, 0, 0, 0];
  return { label, box: box && { x0, y0, x1, y1 }, maskPng: Buffer.alloc(0), confidence: 1 };
}
