import type { OutsideMaskView, PlanSummary, RecipeView, ScoresView, StageTimings, WarningView } from "./job-parts.ts";
import type { OutputSettings } from "../finishing/output-fields.ts";
import type { Problem } from "../http/problem.ts";

/** The stages of an edit in the order in which it passes them. */
export const workingStages = ["queued", "planning", "encoding", "editing", "finishing"] as const;

/** States that a job never leaves. */
export const finalStates = [
  "succeeded",
  "failed",
  "cancelled",
  "expired",
  "input_moderated",
  "output_moderated",
] as const;

export type WorkingStage = (typeof workingStages)[number];
export type FinalState = (typeof finalStates)[number];
export type JobStatus = WorkingStage | FinalState;

/** How far an edit is. */
export interface JobProgress {
  /** Denoising steps that have ended, 0..steps. */
  readonly step: number;
  /** All denoising steps; 0 until the editor has accepted the edit. */
  readonly steps: number;
  /** Estimate over all stages, 0..100, never falling. */
  readonly percentage: number;
}

/** What the caller asked for, without the pictures. */
export interface EditSettings {
  /** Canonical emotion name. */
  readonly emotion: string;
  /** Strength, 0..1. */
  readonly intensity: number;
  /** Seed of all noise, 0..2^64-1. */
  readonly seed: bigint;
  /** Denoising steps, 1..50. Unset: the plan's preset. */
  readonly steps?: number;
  /** Greater than 1, at most 15. Unset: the plan's preset. */
  readonly guidanceScale?: number;
  /** 0..1. Unset: the plan's preset. */
  readonly crossReplace?: number;
  /** 0..1. Unset: the plan's preset. */
  readonly selfReplace?: number;
  /** Feather of the paste-back in source pixels, 0..64. Unset: the model's default. */
  readonly featherPx?: number;
  /** Preview every this many steps; 0 sends none. */
  readonly previewEvery: number;
  /** Named part that may change. */
  readonly region?: string;
  /** What the picture shows. */
  readonly category?: string;
  /** Edit method of the editor; unset: its default. */
  readonly method?: string;
  /** Whether the emotion is scored before and after. */
  readonly scores?: boolean;
  /** How the result is written; unset: an exact PNG. */
  readonly output?: OutputSettings;
}

/** An encoded picture. */
export interface EncodedImage {
  readonly data: Buffer;
  /** IANA media type of `data`. */
  readonly mediaType: string;
}

/** The caller's mask, decoded and checked. */
export interface UserMask {
  /** Single-channel PNG of the upright picture's size, 255 = may change. */
  readonly png: Buffer;
  /** Fraction of the picture that may change, above 0 and at most 1. */
  readonly coverage: number;
}

/** The checked input of a job, with its pictures in hand. */
export interface JobInput {
  readonly settings: EditSettings;
  readonly image: EncodedImage;
  /** Size of the upright picture in pixels. */
  readonly width: number;
  readonly height: number;
  readonly mask?: UserMask;
  /** Conditions found while the input was checked. */
  readonly warnings: readonly WarningView[];
}

/** A picture in the storage. */
export interface StoredPicture {
  /** sha256 of the encoded picture. */
  readonly key: string;
  /** IANA media type. */
  readonly mediaType: string;
  readonly bytes: number;
}

/** The input of a job as it is stored: pictures by their keys. */
export interface StoredInput {
  readonly settings: EditSettings;
  readonly image: StoredPicture;
  readonly width: number;
  readonly height: number;
  readonly mask?: StoredPicture & { readonly coverage: number };
  /** The plan to follow instead of asking the planner. */
  readonly planId?: string;
  /** The caller's own name-value pairs. */
  readonly metadata?: Readonly<Record<string, string>>;
}

/** Queues that do not wait for each other: people wait for the first, nobody for the second. */
export const lanes = ["interactive", "batch"] as const;
export type Lane = (typeof lanes)[number];

/** Urgency inside a lane: an integer -100..100, the higher the sooner; 0 is usual. */
export type Priority = number;

/** A job that is to be stored and queued. */
export interface NewJob {
  readonly tenantId: string;
  readonly input: StoredInput;
  /** Conditions found while the input was checked. */
  readonly warnings?: readonly WarningView[];
  /** "interactive" unless told. */
  readonly lane?: Lane;
  /** 0 unless told. */
  readonly priority?: Priority;
  /** Milliseconds within which it must start, or it expires. */
  readonly startWithinMs?: number;
  /** Milliseconds within which it must end, or it expires; the store's limit unless told. */
  readonly finishWithinMs?: number;
  readonly batchId?: string;
  readonly rowIndex?: number;
  /** The caller's own name for it. */
  readonly externalId?: string;
  /** W3C trace context of the request that asked for it. */
  readonly traceparent?: string;
  /** Makes a repeated submit find the first one's job. */
  readonly idempotency?: { readonly key: string; readonly fingerprint: string };
}

/** One edit as the store knows it. Times are milliseconds since the epoch. */
export interface Job {
  readonly id: string;
  readonly tenantId: string;
  readonly lane: Lane;
  readonly priority: Priority;
  /** Number of the newest attempt, from 1; 0 while none has begun. */
  readonly attempt: number;
  /** Attempts that failed and were repeated. */
  readonly failures: number;
  /** When it expires unless it has started, or ended. */
  readonly startBy?: number;
  readonly finishBy: number;
  /** When a finished job is forgotten. */
  readonly expiresAt?: number;
  /** Work that it is, in megapixels times denoising steps. */
  readonly megapixelSteps: number;
  readonly batchId?: string;
  readonly rowIndex?: number;
  readonly externalId?: string;
  readonly traceparent?: string;
  /** Pictures and size as they came. */
  readonly input: StoredInput;
  /** The edited picture, in the storage. */
  readonly result?: StoredPicture;
  readonly status: JobStatus;
  /** The stage in which the job is, or in which it ended; one that succeeds ends in the last, whether or not it told of those before. */
  readonly stage: WorkingStage;
  /** Number of the newest event, from 1; rises by one with each change. */
  readonly sequence: number;
  readonly createdAt: number;
  readonly startedAt?: number;
  readonly finishedAt?: number;
  readonly settings: EditSettings;
  readonly maskCoverage?: number;
  readonly progress: JobProgress;
  readonly timings: StageTimings;
  readonly warnings: readonly WarningView[];
  readonly plan?: PlanSummary;
  readonly outsideMask?: OutsideMaskView;
  readonly recipe?: RecipeView;
  readonly scores?: ScoresView;
  /** Why the job failed or expired. */
  readonly problem?: Problem;
}

/** What a change may set; the rest is the store's business. */
export type JobChange = Partial<
  Pick<Job, "status" | "progress" | "timings" | "warnings" | "plan" | "outsideMask" | "recipe" | "scores" | "problem">
> & {
  /** A picture of the running edit. */
  readonly preview?: EncodedImage;
  /** The edited picture, already in the storage; set together with status "succeeded". */
  readonly result?: StoredPicture;
};

/** One entry of a job's history. */
export interface JobEvent {
  /** Position in the job's history, from 1. */
  readonly sequence: number;
  readonly status: JobStatus;
  readonly stage: WorkingStage;
  readonly progress: JobProgress;
  /** Kept for the newest preview only. */
  readonly preview?: EncodedImage;
}

/** True when the status never changes again. */
export function isFinal(status: JobStatus): status is FinalState {
  return (finalStates as readonly string[]).includes(status);
}
