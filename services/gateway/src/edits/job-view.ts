import { z } from "zod";
import { problemSchema } from "../http/problem.ts";
import { finalStates, type Job, type JobEvent, workingStages } from "../jobs/job.ts";
import { outsideMaskSchema, planSummarySchema, recipeSchema, timingsSchema, warningSchema } from "../jobs/job-parts.ts";

const fraction = z.number().min(0).max(1);

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
    progress: progressSchema,
    created_at: z.iso.datetime(),
    started_at: z.iso.datetime().optional(),
    finished_at: z.iso.datetime().optional(),
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
    }),
    mask_coverage: fraction.optional().describe("Fraction of the picture that the caller's mask lets change."),
    plan: planSummarySchema.optional(),
    timings: timingsSchema,
    outside_mask: outsideMaskSchema.optional(),
    recipe: recipeSchema.optional(),
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
    progress: job.progress,
    created_at: timestamp(job.createdAt),
    ...(job.startedAt !== undefined && { started_at: timestamp(job.startedAt) }),
    ...(job.finishedAt !== undefined && { finished_at: timestamp(job.finishedAt) }),
    settings: viewSettings(job),
    ...(job.maskCoverage !== undefined && { mask_coverage: Number(job.maskCoverage.toFixed(4)) }),
    ...(job.plan && { plan: job.plan }),
    timings: job.timings,
    ...(job.outsideMask && { outside_mask: job.outsideMask }),
    ...(job.recipe && { recipe: job.recipe }),
    warnings: [...job.warnings],
    ...(job.problem && { problem: job.problem }),
    urls: { self, cancel: `${self}:cancel`, events: `${self}/events`, result: `${self}/result` },
  };
}

function viewSettings({ settings }: Job): JobView["settings"] {
  const { seed, guidanceScale, crossReplace, selfReplace, featherPx, previewEvery, ...same } = settings;
  return {
    ...same,
    seed: String(seed),
    preview_every: previewEvery,
    ...(guidanceScale !== undefined && { guidance_scale: guidanceScale }),
    ...(crossReplace !== undefined && { cross_replace: crossReplace }),
    ...(selfReplace !== undefined && { self_replace: selfReplace }),
    ...(featherPx !== undefined && { feather_px: featherPx }),
  };
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
