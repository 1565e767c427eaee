import type { diffusion } from "@moodifier/proto";
import { MoodError } from "@moodifier/service-kit";
import { shorten } from "../backends/float32.ts";
import type { EncodedImage, JobChange } from "../jobs/job.ts";
import type { OutsideMaskView, RecipeView, StageTimings, WarningView } from "../jobs/job-parts.ts";

type DescribedChange = JobChange & {
  readonly timings: StageTimings;
  readonly recipe: RecipeView;
  readonly warnings: readonly WarningView[];
};

/** The edited picture, and what the editor's result changes in the job: proof, recipe, timings, and warnings beside the `known` ones. */
export function describeResult(
  result: diffusion.EditResult,
  known: readonly WarningView[],
): { picture: EncodedImage; change: DescribedChange } {
  const { image, outsideMask, recipe, timings } = result;
  if (!image || !outsideMask || !recipe) {
    throw new MoodError(
      "INTERNAL",
      "RESULT_MISSING",
      "diffusion left the picture, its proof or its recipe out of the result.",
    );
  }
  return {
    picture: image,
    change: {
      outsideMask: describeOutsideMask(outsideMask),
      recipe: describeRecipe(recipe),
      timings: timings ? { editor: describeTimings(timings) } : {},
      warnings: joinWarnings(known, result.warnings),
    },
  };
}

/** Both lists, each warning once and without what the wire adds. */
export function joinWarnings(...lists: readonly (readonly WarningView[])[]): WarningView[] {
  const byText = new Map(lists.flat().map(({ code, message }) => [`${code} ${message}`, { code, message }] as const));
  return [...byText.values()];
}

function describeOutsideMask({ maxAbsDiff, changedPx, totalPx }: diffusion.OutsideMask): OutsideMaskView {
  return { max_abs_diff: maxAbsDiff, changed_px: changedPx, total_px: totalPx };
}

function describeRecipe(recipe: diffusion.Recipe): RecipeView {
  return {
    method: recipe.method,
    model_id: recipe.modelId,
    model_digest: recipe.modelDigest,
    seed: String(recipe.seed),
    steps: recipe.steps,
    timesteps: recipe.timesteps,
    guidance_scale: shorten(recipe.guidanceScale),
    cross_replace: shorten(recipe.crossReplace),
    self_replace: shorten(recipe.selfReplace),
    feather_px: recipe.featherPx,
    width: recipe.width,
    height: recipe.height,
  };
}

function describeTimings(timings: diffusion.EditTimings): NonNullable<StageTimings["editor"]> {
  return {
    decode_ms: shorten(timings.decodeMs),
    vae_encode_ms: shorten(timings.vaeEncodeMs),
    denoise_ms: shorten(timings.denoiseMs),
    vae_decode_ms: shorten(timings.vaeDecodeMs),
    finish_ms: shorten(timings.finishMs),
    unet_rows: timings.unetRows,
    unpruned_unet_rows: timings.unprunedUnetRows,
  };
}
