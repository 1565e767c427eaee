import type { Job, JobEvent, JobStatus, Lane, StoredInput, StoredPicture, WorkingStage } from "./job.ts";

/** A row of the table `job`. */
export interface JobRow {
  readonly id: string;
  readonly tenant_id: string;
  readonly lane: Lane;
  readonly priority: number;
  readonly status: JobStatus;
  readonly stage: WorkingStage;
  readonly sequence: number;
  readonly attempt: number;
  readonly failures: number;
  readonly losses: number;
  readonly created_at: Date;
  readonly started_at: Date | null;
  readonly finished_at: Date | null;
  readonly start_by: Date | null;
  readonly finish_by: Date;
  readonly expires_at: Date | null;
  readonly megapixel_steps: number;
  readonly input: Omit<StoredInput, "settings"> & {
    settings: Omit<StoredInput["settings"], "seed"> & { seed: string };
  };
  readonly record: Pick<
    Job,
    "progress" | "timings" | "warnings" | "plan" | "outsideMask" | "recipe" | "scores" | "problem"
  >;
  readonly result: StoredPicture | null;
  readonly batch_id: string | null;
  readonly row_index: number | null;
  readonly external_id: string | null;
  readonly traceparent: string | null;
}

/** A row of the table `job_event`, with its preview where that is the newest. */
export interface EventRow {
  readonly sequence: number;
  readonly status: JobStatus;
  readonly stage: WorkingStage;
  readonly progress: JobEvent["progress"];
  readonly preview_type: string | null;
  readonly preview_data: Buffer | null;
}

/** The job of a row. */
export function toJob(row: JobRow): Job {
  return {
    id: row.id,
    tenantId: row.tenant_id,
    lane: row.lane,
    priority: row.priority,
    status: row.status,
    stage: row.stage,
    sequence: row.sequence,
    attempt: row.attempt,
    failures: row.failures,
    createdAt: row.created_at.getTime(),
    finishBy: row.finish_by.getTime(),
    megapixelSteps: row.megapixel_steps,
    ...(row.started_at && { startedAt: row.started_at.getTime() }),
    ...(row.finished_at && { finishedAt: row.finished_at.getTime() }),
    ...(row.start_by && { startBy: row.start_by.getTime() }),
    ...(row.expires_at && { expiresAt: row.expires_at.getTime() }),
    ...(row.batch_id !== null && { batchId: row.batch_id }),
    ...(row.row_index !== null && { rowIndex: row.row_index }),
    ...(row.external_id !== null && { externalId: row.external_id }),
    ...(row.traceparent !== null && { traceparent: row.traceparent }),
    ...(row.result && { result: row.result }),
    ...toInput(row),
    ...row.record,
  };
}

/** The event of a row. */
export function toEvent({
  sequence,
  status,
  stage,
  progress,
  preview_type: mediaType,
  preview_data: data,
}: EventRow): JobEvent {
  return { sequence, status, stage, progress, ...(mediaType !== null && data && { preview: { mediaType, data } }) };
}

/** A JSON number would lose bits of the seed. */
export function inputToJson(input: StoredInput): string {
  return JSON.stringify({ ...input, settings: { ...input.settings, seed: String(input.settings.seed) } });
}

function toInput({ input }: JobRow): Pick<Job, "input" | "settings" | "maskCoverage"> {
  const settings = { ...input.settings, seed: BigInt(input.settings.seed) };
  return {
    settings,
    input: { ...input, settings },
    ...(input.mask && { maskCoverage: input.mask.coverage }),
  };
}
