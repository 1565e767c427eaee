import type { Problem } from "../server/api-types.ts";

/** What the command line reads of a batch. */
export interface BatchView {
  readonly id: string;
  readonly name?: string;
  readonly status: string;
  readonly dry_run: boolean;
  readonly total: number;
  readonly counts: Readonly<Record<"pending" | "running" | "succeeded" | "failed" | "cancelled", number>>;
  readonly sequence: number;
  readonly survey: {
    readonly rows: number;
    readonly faulty: number;
    readonly faults: readonly { readonly line: number; readonly reason: string; readonly detail: string }[];
    readonly ignored_columns: readonly string[];
  };
  readonly estimate?: {
    readonly rows: number;
    readonly seconds: number;
    readonly megapixel_steps: number;
    readonly cost?: { readonly amount: number; readonly currency: string };
  };
  readonly created_at: string;
  readonly finished_at?: string;
  readonly urls: Readonly<Record<"self" | "rows" | "events" | "manifest" | "cancel" | "retry", string>>;
}

export interface BatchRowView {
  readonly index: number;
  readonly line: number;
  readonly id: string;
  readonly status: string;
  readonly files: readonly { readonly name: string; readonly url: string; readonly sha256: string }[];
  readonly problem?: Problem;
}

export interface RowPage {
  readonly rows: readonly BatchRowView[];
  readonly next_cursor?: string;
}

/** Data of a `progress` event of a batch. */
export interface BatchProgress {
  readonly status: string;
  readonly sequence: number;
  readonly total: number;
  readonly pending: number;
  readonly running: number;
  readonly succeeded: number;
  readonly failed: number;
  readonly cancelled: number;
}
