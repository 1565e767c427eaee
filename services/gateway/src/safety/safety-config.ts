import { z } from "zod";

/** What is done with a picture that is not safe: nothing is asked, it is told, or it is refused. */
export const SAFETY_POLICIES = ["off", "flag", "block"] as const;
export type SafetyPolicy = (typeof SAFETY_POLICIES)[number];

/** Settings of moderation; spread into the gateway's schema. */
export const safetySettings = {
  /** What is done with an unsafe picture that is sent: off, flag (a warning) or block (the edit ends as input_moderated). */
  safetyInput: z.enum(SAFETY_POLICIES).default("off"),
  /** What is done with an unsafe result: off, flag (a warning) or block (the edit ends as output_moderated and its picture is not kept). */
  safetyOutput: z.enum(SAFETY_POLICIES).default("off"),
  /** Probability 0..1 from which a picture counts as unsafe. */
  safetyThreshold: z.coerce.number().gt(0).max(1).default(0.8),
  /** File of the Open-NSFW model (scripts/fetch-open-nsfw.mjs fetches it); needed unless both policies are off. */
  safetyModel: z.string().min(1).optional(),
};

const settings = z.object(safetySettings);
export type SafetySettings = z.output<typeof settings>;
