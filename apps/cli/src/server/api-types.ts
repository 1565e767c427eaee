/** What the command line reads from the gateway's answers; openapi.json has the whole. */
export interface Problem {
  readonly status: number;
  readonly detail: string;
  readonly code: string;
  readonly reason: string;
  readonly argument?: string;
  readonly expected?: string;
  readonly got?: string;
  readonly service?: string;
  readonly stage?: string;
  readonly details?: Readonly<Record<string, unknown>>;
  readonly errors?: readonly { readonly detail: string }[];
  readonly request_id?: string;
}

export interface Warning {
  readonly code: string;
  readonly message: string;
}

export interface PlanSummary {
  readonly emotion: string;
  readonly intensity: number;
  readonly category: string;
  readonly source_caption: string;
  readonly target_prompt: string;
  readonly kind: string;
  readonly mask_source: string;
  readonly regions: readonly {
    readonly label: string;
    readonly box?: readonly number[];
    readonly confidence: number;
  }[];
}

export interface Edit {
  readonly id: string;
  readonly status: string;
  readonly plan?: PlanSummary;
  readonly timings: Readonly<Record<string, unknown>>;
  readonly outside_mask?: { readonly max_abs_diff: number; readonly changed_px: number; readonly total_px: number };
  readonly warnings: readonly Warning[];
  readonly problem?: Problem;
  readonly urls: { readonly self: string; readonly cancel: string; readonly events: string; readonly result: string };
}

export interface EncodedImage {
  readonly media_type: string;
  readonly data: string;
}

export interface Plan {
  readonly plan: PlanSummary;
  readonly overlay?: EncodedImage;
  readonly warnings: readonly Warning[];
}

export interface ProgressEvent {
  readonly sequence: number;
  readonly status: string;
  readonly stage: string;
  readonly step: number;
  readonly steps: number;
  readonly percentage: number;
}

/** Statuses after which nothing changes. */
export const finalStatuses: readonly string[] = ["succeeded", "failed", "cancelled", "expired"];
