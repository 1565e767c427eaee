import type { ContextName, EmotionName } from "@moodifier/emotion";
import type { Licence } from "../record.ts";
import type { UnitSpec } from "../store/plan.ts";

/** A picture that a provider knows of but has not fetched. */
export interface Candidate {
  readonly uri: string;
  readonly licence: Licence;
  readonly attribution: string;
  readonly emotion?: EmotionName;
  readonly context: ContextName;
  readonly category?: string;
  /** Pictures of the same thing or by the same hand; the picture's own digest when absent. */
  readonly group?: string;
  readonly alt?: string;
  readonly phrase?: string;
  /** Fetches the bytes, and an alternative text where it is known only then. Throws ArchiveError DOWNLOAD_FAILED when this picture cannot be had; any other error stops the run. */
  readonly open: (signal: AbortSignal | undefined) => Promise<Fetched>;
}

/** A fetched picture. */
export interface Fetched {
  readonly bytes: Uint8Array;
  readonly mediaType: string;
  readonly alt?: string;
}

/** Something a provider found but will not offer, for example a licence that is not wanted. */
export interface Declined {
  readonly declined: string;
  readonly detail: string;
  readonly uri: string;
}

/** What a provider is asked to cut into units. */
export interface PlanRequest {
  /** Records a unit has at most. */
  readonly unitSize: number;
  readonly signal?: AbortSignal | undefined;
}

/**
 * A source of pictures. `plan` cuts the work into units once; `list` names the pictures of one unit, and must name the same ones in the same order when a
 * killed unit is listed again, as far as the source allows. Both may be called by several processes.
 */
export interface Provider {
  readonly name: string;
  /** Whatever changes what is collected; never a key. */
  readonly settings: unknown;
  /** Pictures fetched at once, at least 1. */
  readonly concurrency: number;
  plan(request: PlanRequest): AsyncIterable<{ readonly spec: UnitSpec; readonly expected: number }>;
  list(spec: UnitSpec, signal: AbortSignal | undefined): AsyncIterable<Candidate | Declined>;
  /** Frees what it holds. */
  close?(): Promise<void>;
}
