import { z } from "zod";
import { planFields } from "../edits/edit-fields.ts";

const only = <V extends string>(values: readonly [V, ...V[]], text: string) => z.enum(values).optional().describe(text);

/** Steps for each quality that OpenAI's API knows; auto and standard follow the plan. */
export const STEPS_OF_QUALITY = { low: 4, medium: 8, high: 16 } as const;

/** The fields of `POST /v1/images/edits`: those of OpenAI's API that mean something here, and ours. */
export const imageEditFieldsSchema = z.strictObject({
  prompt: z
    .string()
    .trim()
    .min(1)
    .max(1000)
    .describe('Names the emotion, for example "make her look joyful: joy". Only the emotion is read.'),
  model: z
    .string()
    .regex(/^moodifier(-[\w.-]{1,64})?$/, { error: "expected moodifier" })
    .optional()
    .describe("moodifier."),
  n: z.int().min(1).max(4).default(1).describe("Pictures, made with seed, seed + 1 and so on."),
  size: only(["auto"], "auto: the source's size."),
  quality: only(
    ["auto", "standard", "low", "medium", "high"],
    "low, medium and high take 4, 8 and 16 steps; auto and standard follow the plan.",
  ),
  response_format: only(["b64_json", "url"], "b64_json unless told."),
  output_format: only(["png", "jpeg", "webp"], "png unless told."),
  output_compression: z.int().min(1).max(100).optional().describe("Quality of jpeg and webp."),
  background: only(["auto"], "auto: alpha stays as it is."),
  moderation: only(["auto"], "auto: the installation's policy."),
  input_fidelity: only(["high"], "high: what the mask protects is kept exactly."),
  user: z.string().max(200).optional().describe("Kept as the edits' external_id."),
  emotion: planFields.emotion.optional().describe("One of GET /v1/emotions; then the prompt need not name one."),
  intensity: planFields.intensity,
  region: planFields.region,
  category: planFields.category,
  seed: z.int().min(0).default(0).describe("Seed of the first picture."),
});

export const imagesResponseSchema = z
  .object({
    created: z.int().describe("Seconds since the epoch."),
    data: z.array(z.object({ b64_json: z.base64().optional(), url: z.url().optional() })),
    output_format: z.string(),
  })
  .meta({ id: "ImagesResponse", description: "OpenAI's answer to an image edit." });

export const openAiErrorSchema = z
  .object({
    error: z.object({
      message: z.string(),
      type: z.string(),
      param: z.string().nullable(),
      code: z.string().describe("Our reason, for example EMOTION_MISSING."),
    }),
  })
  .meta({ id: "OpenAiError", description: "OpenAI's error object." });
