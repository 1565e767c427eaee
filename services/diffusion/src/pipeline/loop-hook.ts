import type { AttentionMap } from "../attention/local-blend.ts";

/** What a hook sees when a step has estimated the clean latents. All latents are `[channels, h, w]`, scaled. */
export interface StepState {
  /** 0-based. */
  readonly index: number;
  readonly steps: number;
  /** x_0 of the source. */
  readonly clean: Float32Array;
  /** The target's clean estimate; what earlier hooks made of it. */
  readonly target: Float32Array;
  /** The mutual branch's clean estimate; present when a hook said that it reads it. */
  readonly mutual?: Float32Array | undefined;
  /** The cross-attention of one of the hook's `mapRows`. Throws RangeError for another row. */
  map(row: number): AttentionMap;
}

/** A method's part in the one denoise loop. Hooks run in order after each step's estimate; the loop prunes rows that no hook reads. */
export interface LoopHook {
  /** Rows (see phases.ts) whose cross-attention maps the hook reads at every step. */
  readonly mapRows?: readonly number[];
  /** Whether the hook reads the mutual branch's estimate at every step. */
  readonly readsMutual?: boolean;
  /**
   * Returns the target's clean estimate to go on with. Noise is added to it afterwards, so a composite made here is at once the composite of
   * the next latent (line 11 of Algorithm 1) and, at the last step, that of the result.
   */
  afterEstimate(state: StepState): Float32Array;
}
