import { z } from "zod";

/** The parts of a job that the API shows as they are stored. Names are the API's names. */
const fraction = z.number().min(0).max(1);

export const warningSchema = z
  .object({
    code: z.string().describe('Stable constant, for example "MASK_FULL".'),
    message: z.string().describe("One sentence for a person."),
  })
  .meta({ id: "Warning", description: "A condition that did not stop the edit but that the user should know." });

export const boxSchema = z
  .tuple([fraction, fraction, fraction, fraction])
  .meta({ description: "[x0, y0, x1, y1] as fractions of the upright picture's width and height." });

export const planSummarySchema = z
  .object({
    emotion: z.string(),
    intensity: fraction,
    category: z.string().describe("What the picture shows."),
    source_caption: z.string().describe("What the source picture shows."),
    target_prompt: z.string().describe("The detail prompt of the edited picture."),
    kind: z.string().describe("shape, colour, material, style, add or remove."),
    regions: z.array(z.object({ label: z.string(), box: boxSchema.optional(), confidence: fraction })),
    mask_source: z.string().describe("user, segmenter, attention, box or whole."),
    blend_words: z.array(z.string()),
    preset: z
      .object({ cross_replace: fraction, self_replace: fraction, steps: z.int(), guidance_scale: z.number() })
      .optional(),
    model_id: z.string(),
    warnings: z.array(warningSchema),
  })
  .meta({ id: "PlanSummary", description: "The plan that the edit follows, without its mask." });

export const outsideMaskSchema = z
  .object({
    max_abs_diff: z.int().describe("Largest absolute difference of a colour value outside the mask, 0..255."),
    changed_px: z.int().describe("Pixels outside the mask that differ."),
    total_px: z.int().describe("Pixels outside the mask."),
  })
  .meta({ id: "OutsideMask", description: "How much of the picture outside the mask changed." });

export const recipeSchema = z
  .object({
    method: z.string(),
    model_id: z.string(),
    model_digest: z.string().describe("sha256 over the model's manifest."),
    seed: z.string().describe("Decimal digits, 0..2^64-1: a JSON number would lose bits."),
    steps: z.int(),
    timesteps: z.array(z.int()),
    guidance_scale: z.number(),
    cross_replace: fraction,
    self_replace: fraction,
    feather_px: z.int(),
    width: z.int().describe("Width in pixels at which the model worked."),
    height: z.int().describe("Height in pixels at which the model worked."),
  })
  .meta({ id: "Recipe", description: "Everything beside picture and plan that determines the result." });

export const scoresSchema = z
  .object({ emotion_before: fraction, emotion_after: fraction })
  .meta({ id: "Scores", description: "How probable the emotion is among the 27, by the encoder." });

const ms = z.number().describe("Milliseconds.");

export const timingsSchema = z
  .object({
    queued_ms: ms.optional(),
    planning_ms: ms.optional(),
    encoding_ms: ms.optional(),
    editing_ms: ms.optional(),
    finishing_ms: ms.optional(),
    total_ms: ms.optional(),
    editor: z
      .object({
        decode_ms: ms,
        vae_encode_ms: ms,
        denoise_ms: ms,
        vae_decode_ms: ms,
        finish_ms: ms,
        unet_rows: z.int().describe("UNet batch rows that ran."),
        unpruned_unet_rows: z.int().describe("UNet batch rows that an unpruned loop would have run."),
      })
      .optional(),
  })
  .meta({ id: "Timings", description: "Time spent in each stage that has ended." });

export type WarningView = z.infer<typeof warningSchema>;
export type PlanSummary = z.infer<typeof planSummarySchema>;
export type OutsideMaskView = z.infer<typeof outsideMaskSchema>;
export type RecipeView = z.infer<typeof recipeSchema>;
export type ScoresView = z.infer<typeof scoresSchema>;
export type StageTimings = z.infer<typeof timingsSchema>;
