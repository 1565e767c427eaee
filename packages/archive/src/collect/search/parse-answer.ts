import type { z } from "zod";
import { ArchiveError } from "../../archive-error.ts";

/** An API's answer as the contract says. Throws ArchiveError PROVIDER_FAILED that names the first field that is not. */
export function parseAnswer<T>(api: string, schema: z.ZodType<T>, reply: unknown): T {
  const parsed = schema.safeParse(reply);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const field = issue?.path.join(".") || "the answer";
  throw new ArchiveError("PROVIDER_FAILED", `${api}: ${field} is not what the API promises: ${issue?.message}`);
}
