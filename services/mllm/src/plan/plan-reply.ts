import { z } from "zod";
import { narrowSchema, type ReplySchema } from "../chat/reply-schema.ts";

/** Edit kinds as the model writes them. */
export const EDIT_KINDS = ["shape", "colour", "material", "style", "add", "remove"] as const;
/** One of the edit kinds. */
export type EditKindName = (typeof EDIT_KINDS)[number];

/** Longest caption, UTF-16 code units; five sentences take about 300. */
const MAX_CAPTION = 1200;

/**
 * A fraction of a box. The text of the reply is bound to 0.00 .. 0.99, which is what the annotation says; validation takes any number,
 * because servers that ignore the schema may count otherwise, and `normaliseBox` decides.
 */
const fraction = z.number().meta({ minimum: 0, maximum: 0.99, multipleOf: 0.01 });

/** `[x0, y0, x1, y1]` as it is written. */
export const replyBox = z.array(fraction).length(4);

/** What a plan may say. */
export type PlanVocabulary = {
  /** Allowed categories, at least one. */
  categories: readonly string[];
  /** Allowed region labels, at least one. */
  labels: readonly string[];
  /** Regions at most, 1..8. */
  maxRegions: number;
};

/** The one definition of a plan reply: validates replies and, through `schemaOf`, tells both adapters what to write. */
export function planReply({ categories, labels, maxRegions }: PlanVocabulary) {
  const caption = z.string().min(1).max(MAX_CAPTION);
  return z.object({
    category: z.enum(categories as [string, ...string[]]),
    source: caption,
    target: caption,
    kind: z.enum(EDIT_KINDS),
    regions: z
      .array(z.object({ label: z.enum(labels as [string, ...string[]]), box: replyBox }))
      .min(1)
      .max(maxRegions),
  });
}

/** A validated plan reply. */
export type PlanReply = z.infer<ReturnType<typeof planReply>>;

/** The reply schema of a zod object: same properties, same order. */
export function schemaOf(shape: z.ZodType): ReplySchema {
  return narrowSchema(z.toJSONSchema(shape));
}
