import { CATEGORIES } from "@moodifier/emotion";
import { z } from "zod";
import { outputFields } from "../finishing/output-fields.ts";
import { lanes } from "../jobs/job.ts";

const maxSeed = 2n ** 64n - 1n;

const seedError = { error: "expected an integer 0..2^64-1" };

/** A JSON number holds 53 bits, so larger seeds come as decimal digits. */
const seedSchema = z
  .union([z.int(seedError).min(0, seedError), z.string().regex(/^\d{1,20}$/, seedError)], seedError)
  .transform((value) => BigInt(value))
  .refine((value) => value <= maxSeed, seedError)
  .meta({
    description: "Seed of all noise, 0..2^64-1; above 2^53 as a string. The same recipe gives the same bytes.",
  });

/** The fields that say what to plan. */
export const planFields = {
  emotion: z.string().min(1).max(64).describe("One of GET /v1/emotions."),
  intensity: z.number().min(0).max(1).default(0.8).describe("Strength of the emotion."),
  region: z
    .string()
    .trim()
    .min(1)
    .max(64)
    .optional()
    .describe('Restricts the edit to a named part, for example "mouth".'),
  category: z.enum(CATEGORIES).optional().describe("What the picture shows; unset lets the planner recognise it."),
};

/** The fields of one edit. Fields without a default follow the plan's preset. */
export const editFieldsSchema = z.strictObject({
  ...planFields,
  seed: seedSchema.prefault("0"),
  steps: z.int().min(1).max(50).optional().describe("Denoising steps."),
  guidance_scale: z.number().gt(1).max(15).optional().describe("Guidance scale of the target branch."),
  cross_replace: z.number().min(0).max(1).optional().describe("Fraction of the steps under cross-attention control."),
  self_replace: z.number().min(0).max(1).optional().describe("Fraction of the steps under self-attention control."),
  feather_px: z.int().min(0).max(64).optional().describe("Feather of the paste-back in source pixels."),
  preview_every: z.int().min(0).max(50).default(0).describe("Send a preview each so many steps; 0 sends none."),
  scores: z
    .boolean()
    .default(false)
    .describe("Also tell how probable the emotion is in the picture before and after; not for neutral."),
  method: z.string().min(1).max(64).optional().describe("Edit method; unset takes the editor's default."),
});

/** The fields of a plan without an edit. */
export const planRequestSchema = z.strictObject({
  ...planFields,
  name: z.string().trim().min(1).max(200).optional().describe("For people."),
  overlay: z.boolean().default(false).describe("Also draw the plan's mask and boxes over the picture."),
});

const seconds = (what: string) => z.number().gt(0).max(3600).optional().describe(what);

/** The fields of `POST /v1/edits`: the edit, and how to treat it as a job. */
export const editRequestSchema = editFieldsSchema.extend({
  ...outputFields,
  emotion: planFields.emotion.optional().describe("One of GET /v1/emotions. Required unless a plan is given."),
  plan_id: z.string().min(1).max(64).optional().describe("Follow this stored plan instead of planning."),
  lane: z.enum(lanes).default("interactive").describe("batch waits until nobody waits for anything interactive."),
  priority: z.int().min(-100).max(100).default(0).describe("The higher, the sooner among edits of the lane."),
  start_within: seconds("Seconds within which the edit must start, or it expires."),
  finish_within: seconds("Seconds within which the edit must end, or it expires."),
  external_id: z.string().min(1).max(200).optional().describe("Your own name for it, for example a SKU."),
});
