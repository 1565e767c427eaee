import { z } from "zod";
import { problemSchema } from "../http/problem.ts";
import { finalStates, type Job, type JobEvent, lanes, workingStages } from "../jobs/job.ts";
import {
  outsideMaskSchema,
  planSummarySchema,
  recipeSchema,
  scoresSchema,
  timingsSchema,
  warningSchema,
} from "../jobs/job-parts.ts";

const fraction = z.number().min(0).max(1);

const outputSchema = z
  .object({
    format: z.string(),
    quality: z.int().optional(),
    profile: z.string().optional(),
    matte: z.string().optional(),
    max_bytes: z.int().optional(),
  })
  .describe("How the result is written.");

export const progressSchema = z
  .object({
    step: z.int().describe("Denoising steps that have ended."),
    steps: z.int().describe("All denoising steps; 0 until they are known."),
    percentage: z.number().min(0).max(100).describe("Estimate over all stages."),
  })
  .meta({ id: "Progress" });

const statusSchema = z.enum([...workingStages, ...finalStates]).meta({ id: "Status" });
const stageSchema = z.enum(workingStages).meta({ id: "Stage" });

/** The job object of the API. */
export const jobSchema = z
  .object({
    id: z.string(),
    status: statusSchema,
    stage: stageSchema.describe("The stage in which the edit is, or in which it ended."),
    sequence: z.int().describe("Number of the newest event; rises with every change."),
    lane: z.enum(lanes),
    priority: z.int(),
    attempt: z.int().describe("Number of the newest attempt; 0 while none has begun."),
    external_id: z.string().optional(),
    plan_id: z.string().optional().describe("The stored plan that it follows."),
    batch_id: z.string().optional(),
    row_index: z.int().optional(),
    progress: progressSchema,
    created_at: z.iso.datetime(),
    started_at: z.iso.datetime().optional(),
    finished_at: z.iso.datetime().optional(),
    start_by: z.iso.datetime().optional().describe("When it expires unless it has started."),
    finish_by: z.iso.datetime().describe("When it expires unless it has ended."),
    expires_at: z.iso.datetime().optional().describe("When it and its result are forgotten."),
    settings: z.object({
      emotion: z.string(),
      intensity: fraction,
      seed: z.string().describe("Decimal digits."),
      steps: z.int().optional(),
      guidance_scale: z.number().optional(),
      cross_replace: fraction.optional(),
      self_replace: fraction.optional(),
      feather_px: z.int().optional(),
      preview_every: z.int(),
      region: z.string().optional(),
      category: z.string().optional(),
      method: z.string().optional(),
      scores: z.boolean().optional(),
      output: outputSchema.optional(),
    }),
    mask_coverage: fraction.optional().describe("Fraction of the picture that the caller's mask lets change."),
    plan: planSummarySchema.optional(),
    timings: timingsSchema,
    outside_mask: outsideMaskSchema.optional(),
    recipe: recipeSchema.optional(),
    scores: scoresSchema.optional().describe("When they were asked for."),
    warnings: z.array(warningSchema),
    problem: problemSchema.optional().describe("Why the edit failed or expired."),
    urls: z.object({
      self: z.url(),
      cancel: z.url(),
      events: z.url(),
      result: z.url(),
    }),
  })
  .meta({ id: "Edit", description: "One edit as a job." });

export type JobView = z.infer<typeof jobSchema>;

/** Path of an edit. */
export function editPath(id: string): string {
  return `/v1/edits/${id}`;
}

/** The job as the API shows it; `base` is the gateway's address as the client sees it. */
export function viewJob(job: Job, base: string): JobView {
  const self = `${base}${editPath(job.id)}`;
  return {
    id: job.id,
    status: job.status,
    stage: job.stage,
    sequence: job.sequence,
    lane: job.lane,
    priority: job.priority,
    attempt: job.attempt,
    ...(job.externalId !== undefined && { external_id: job.externalId }),
    ...(job.input.planId !== undefined && { plan_id: job.input.planId }),
    ...(job.batchId !== undefined && { batch_id: job.batchId }),
    ...(job.rowIndex !== undefined && { row_index: job.rowIndex }),
    progress: job.progress,
    created_at: timestamp(job.createdAt),
    ...(job.startedAt !== undefined && { started_at: timestamp(job.startedAt) }),
    ...(job.finishedAt !== undefined && { finished_at: timestamp(job.finishedAt) }),
    ...(job.startBy !== undefined && { start_by: timestamp(job.startBy) }),
    finish_by: timestamp(job.finishBy),
    ...(job.expiresAt !== undefined && { expires_at: timestamp(job.expiresAt) }),
    settings: viewSettings(job),
    ...(job.maskCoverage !== undefined && { mask_coverage: Number(job.maskCoverage.toFixed(4)) }),
    ...(job.plan && { plan: job.plan }),
    timings: job.timings,
    ...(job.outsideMask && { outside_mask: job.outsideMask }),
    ...(job.recipe && { recipe: job.recipe }),
    ...(job.scores && { scores: job.scores }),
    warnings: [...job.warnings],
    ...(job.problem && { problem: job.problem }),
    urls: { self, cancel: `${self}:cancel`, events: `${self}/events`, result: `${self}/result` },
  };
}

function viewSettings({ settings }: Job): JobView["settings"] {
  const { seed, guidanceScale, crossReplace, selfReplace, featherPx, previewEvery, output, ...same } = settings;
  return {
    ...same,
    seed: String(seed),
    preview_every: previewEvery,
    ...(output && { output: viewOutput(output) }),
    ...(guidanceScale !== undefined && { guidance_scale: guidanceScale }),
    ...(crossReplace !== undefined && { cross_replace: crossReplace }),
    ...(selfReplace !== undefined && { self_replace: selfReplace }),
    ...(featherPx !== undefined && { feather_px: featherPx }),
  };
}

function viewOutput({ format = "png", maxBytes, ...same }: NonNullable<Job["settings"]["output"]>) {
  return { format, ...same, ...(maxBytes !== undefined && { max_bytes: maxBytes }) };
}

/** Data of a `progress` event. */
export function viewEvent({ sequence, status, stage, progress }: JobEvent) {
  return { sequence, status, stage, ...progress };
}

/** Data of a `preview` event. */
export function viewPreview({ sequence, progress, preview }: JobEvent) {
  return {
    sequence,
    step: progress.step,
    steps: progress.steps,
    image: { media_type: preview?.mediaType, data: preview?.data.toString("base64") },
  };
}

function timestamp(ms: number): string {
  return new Date(ms).toISOString();
}
