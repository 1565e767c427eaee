import { z } from "zod";
import { problemSchema } from "../http/problem.ts";
import { outsideMaskSchema, recipeSchema, scoresSchema, warningSchema } from "../jobs/job-parts.ts";
import { type Batch, type BatchRow, batchStatuses, type RowFile, rowStatuses } from "./batch.ts";
import { batchOptionsSchema } from "./batch-options.ts";
import { type Estimate, estimateSchema } from "./estimate.ts";

const countsSchema = z.object({
  pending: z.int(),
  running: z.int(),
  succeeded: z.int(),
  failed: z.int(),
  cancelled: z.int(),
});

/** The batch object of the API. */
export const batchSchema = z
  .object({
    id: z.string(),
    name: z.string().optional(),
    status: z.enum(batchStatuses).describe("partially_succeeded: some rows failed. All but running are final."),
    dry_run: z.boolean(),
    total: z.int().describe("Rows of the batch; 1 in a dry run."),
    counts: countsSchema,
    sequence: z.int().describe("Rises with each row that ends."),
    survey: z
      .object({
        rows: z.int().describe("Rows of the manifest."),
        faulty: z.int().describe("Rows that can't run."),
        faults: z.array(z.object({ line: z.int(), reason: z.string(), detail: z.string() })),
        ignored_columns: z.array(z.string()).describe("Columns that no field is read from."),
      })
      .describe("What the check before the run found."),
    estimate: estimateSchema.optional().describe("Of the whole manifest, once a first row has ended."),
    options: batchOptionsSchema,
    created_at: z.iso.datetime(),
    finished_at: z.iso.datetime().optional(),
    expires_at: z.iso.datetime().optional(),
    urls: z.object({
      self: z.url(),
      rows: z.url(),
      events: z.url(),
      manifest: z.url(),
      cancel: z.url(),
      retry: z.url(),
    }),
  })
  .meta({ id: "Batch", description: "Many edits from one manifest." });

export type BatchView = z.infer<typeof batchSchema>;

/** A row of the API. */
export const batchRowSchema = z
  .object({
    index: z.int().describe("Position in the manifest, from 0."),
    line: z.int().describe("Line of the manifest, from 1."),
    id: z.string().describe("The row's own id."),
    status: z.enum(rowStatuses),
    attempt: z.int(),
    input: z.record(z.string(), z.string()).describe("The row as it was written."),
    edit_url: z.url().optional().describe("The job of the row."),
    files: z.array(
      z.object({
        name: z.string(),
        url: z.string().describe("Where the file is."),
        sha256: z.string(),
        bytes: z.int(),
        media_type: z.string(),
        width: z.int(),
        height: z.int(),
        quality: z.int().optional(),
      }),
    ),
    seed: z.string().optional(),
    outside_mask: outsideMaskSchema.optional(),
    recipe: recipeSchema.optional(),
    scores: scoresSchema.optional(),
    warnings: z.array(warningSchema),
    problem: problemSchema.optional().describe("Why the row failed."),
    started_at: z.iso.datetime().optional(),
    finished_at: z.iso.datetime().optional(),
  })
  .meta({ id: "BatchRow", description: "One row of a batch." });

export type BatchRowView = z.infer<typeof batchRowSchema>;

export const batchListSchema = z
  .object({ batches: z.array(batchSchema), next_cursor: z.string().optional() })
  .meta({ id: "BatchList" });
export const batchRowListSchema = z
  .object({ rows: z.array(batchRowSchema), next_cursor: z.string().optional() })
  .meta({ id: "BatchRowList" });

/** Path of a batch. */
export function batchPath(id: string): string {
  return `/v1/batches/${id}`;
}

/** The batch as the API shows it; `base` is the gateway's address as the client sees it. */
export function viewBatch(batch: Batch, base: string, estimate?: Estimate): BatchView {
  const self = `${base}${batchPath(batch.id)}`;
  const { ignoredColumns, ...survey } = batch.survey;
  return {
    id: batch.id,
    ...(batch.options.name !== undefined && { name: batch.options.name }),
    status: batch.status,
    dry_run: batch.options.dry_run,
    total: batch.total,
    counts: { ...batch.counts },
    sequence: batch.sequence,
    survey: { ...survey, faults: [...survey.faults], ignored_columns: [...ignoredColumns] },
    ...(estimate && { estimate }),
    options: batch.options,
    created_at: timestamp(batch.createdAt),
    ...(batch.finishedAt !== undefined && { finished_at: timestamp(batch.finishedAt) }),
    ...(batch.expiresAt !== undefined && { expires_at: timestamp(batch.expiresAt) }),
    urls: {
      self,
      rows: `${self}/rows`,
      events: `${self}/events`,
      manifest: `${self}/manifest`,
      cancel: `${self}:cancel`,
      retry: `${self}:retry`,
    },
  };
}

/** The row as the API shows it. */
export function viewRow(row: BatchRow, base: string): BatchRowView {
  const { plan, outcome } = row;
  return {
    index: row.index,
    line: plan.line,
    id: plan.externalId,
    status: row.status,
    attempt: row.attempt,
    input: plan.input,
    ...(row.jobId !== undefined && { edit_url: `${base}/v1/edits/${row.jobId}` }),
    files: (outcome?.files ?? []).map((file, index) => ({
      name: file.name,
      url: fileUrl(row, file, { index, base }),
      sha256: file.sha256,
      bytes: file.bytes,
      media_type: file.mediaType,
      width: file.width,
      height: file.height,
      ...(file.quality !== undefined && { quality: file.quality }),
    })),
    ...(outcome && { seed: outcome.seed }),
    ...(outcome?.outsideMask && { outside_mask: outcome.outsideMask }),
    ...(outcome?.recipe && { recipe: outcome.recipe }),
    ...(outcome?.scores && { scores: outcome.scores }),
    warnings: [...(outcome?.warnings ?? [])],
    ...(row.problem && { problem: row.problem }),
    ...(row.startedAt !== undefined && { started_at: timestamp(row.startedAt) }),
    ...(row.finishedAt !== undefined && { finished_at: timestamp(row.finishedAt) }),
  };
}

/** Where a file was written, or where the API hands it out. */
export function fileUrl(row: BatchRow, file: RowFile, { index, base }: { index: number; base: string }): string {
  return file.url ?? `${base}${batchPath(row.batchId)}/rows/${row.index}/files/${index}`;
}

function timestamp(ms: number): string {
  return new Date(ms).toISOString();
}
