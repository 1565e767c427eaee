import { z } from "zod";

/** The query of `GET /v1/plans/{id}`. */
export const planViewSchema = z.strictObject({
  overlay: z.boolean().default(false).describe("Also draw the plan's mask and boxes over the picture."),
});

/** The query of `GET /v1/plans`. */
export const planListSchema = z.strictObject({
  limit: z.int().min(1).max(200).default(50).describe("Plans on a page."),
  cursor: z.string().min(1).max(200).optional().describe("`next_cursor` of the page before."),
});
