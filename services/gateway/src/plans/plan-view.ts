import type { common } from "@moodifier/proto";
import { shorten } from "../backends/float32.ts";
import type { PlanSummary } from "../jobs/job-parts.ts";

/** A plan as the API shows it, without masks. */
export function summarizePlan(plan: common.EditPlan): PlanSummary {
  return {
    emotion: plan.emotion,
    intensity: shorten(plan.intensity),
    category: plan.category,
    source_caption: plan.sourceCaption,
    target_prompt: plan.targetPrompt,
    kind: plain(plan.kind, "EDIT_KIND_"),
    regions: plan.regions.map(({ label, box, confidence }) => ({
      label,
      ...(box && { box: [box.x0, box.y0, box.x1, box.y1].map(shorten) as [number, number, number, number] }),
      confidence: shorten(confidence),
    })),
    mask_source: plain(plan.maskSource, "MASK_SOURCE_"),
    blend_words: plan.blendWords,
    ...(plan.preset && {
      preset: {
        cross_replace: shorten(plan.preset.crossReplace),
        self_replace: shorten(plan.preset.selfReplace),
        steps: plan.preset.steps,
        guidance_scale: shorten(plan.preset.guidanceScale),
      },
    }),
    model_id: plan.modelId,
    warnings: plan.warnings.map(({ code, message }) => ({ code, message })),
  };
}

/** "MASK_SOURCE_USER" as "user". */
function plain(constant: string, prefix: string): string {
  return constant.replace(prefix, "").toLowerCase();
}
