import { z } from "zod";
import { checkFields } from "../http/checked-fields.ts";
import { finalStates, workingStages } from "../jobs/job.ts";
import type { JobFilter, JobPage } from "../jobs/job-store.ts";
import { jobSchema, viewJob } from "./job-view.ts";

/** The query of `GET /v1/edits`. */
export const editFilterSchema = z.strictObject({
  limit: z.int().min(1).max(200).default(50).describe("Edits on a page."),
  cursor: z.string().min(1).max(200).optional().describe("`next_cursor` of the page before."),
  status: z.enum([...workingStages, ...finalStates]).optional(),
  external_id: z.string().min(1).max(200).optional(),
  batch_id: z.guid({ error: "expected the id of a batch" }).optional(),
  created_from: z.iso.datetime({ error: "expected a time such as 2026-01-31T12:00:00Z" }).optional(),
  created_before: z.iso.datetime({ error: "expected a time such as 2026-01-31T12:00:00Z" }).optional(),
});

/** The answer of `GET /v1/edits`. */
export const editPageSchema = z
  .object({
    edits: z.array(jobSchema).describe("Newest first."),
    next_cursor: z.string().optional().describe("Unset on the last page."),
    next: z.url().optional().describe("Address of the next page."),
  })
  .meta({ id: "EditPage", description: "A page of edits. Edits that begin meanwhile do not shift it." });

/** Reads the query; anything unknown is refused. */
export function readEditFilter(tenantId: string, query: Readonly<Record<string, unknown>>): JobFilter {
  const fields = checkFields(editFilterSchema, { fields: query, files: {}, textual: true });
  return {
    tenantId,
    limit: fields.limit,
    ...(fields.cursor !== undefined && { cursor: fields.cursor }),
    ...(fields.status !== undefined && { status: [fields.status] }),
    ...(fields.external_id !== undefined && { externalId: fields.external_id }),
    ...(fields.batch_id !== undefined && { batchId: fields.batch_id }),
    ...(fields.created_from !== undefined && { createdFrom: Date.parse(fields.created_from) }),
    ...(fields.created_before !== undefined && { createdBefore: Date.parse(fields.created_before) }),
  };
}

/** A page for the wire; `query` is the one that asked for it. */
export function viewEditPage(
  { jobs, next }: JobPage,
  base: string,
  query: Readonly<Record<string, unknown>>,
): z.input<typeof editPageSchema> {
  const edits = jobs.map((job) => viewJob(job, base));
  if (next === undefined) return { edits };
  const search = new URLSearchParams({ ...(query as Record<string, string>), cursor: next });
  return { edits, next_cursor: next, next: `${base}/v1/edits?${search.toString()}` };
}
