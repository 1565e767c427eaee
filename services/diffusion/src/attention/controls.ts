import { findSwaps, type Alignment } from "./align.ts";

/**
 * How a target row's cross-attention follows the source's, for L tokens with padding: A' = A_source R + A_own diag(keep).
 * Both arrays are what the denoiser graph takes for one batch row.
 */
export interface CrossControl {
  readonly length: number;
  /** R, row-major `[L, L]`: column j maps source tokens onto target token j. */
  readonly map: Float32Array;
  /** `[L]`: weight of the row's own map for token j. */
  readonly keep: Float32Array;
}

/** Own maps only: R = I, keep = 0, the identity values of the graph. */
export function identityControl(length: number): CrossControl {
  const map = new Float32Array(length * length);
  for (let j = 0; j < length; j++) {
    map[j * length + j] = 1;
  }
  return { length, map, keep: new Float32Array(length) };
}

/**
 * Refine (prompt-to-prompt, Eq. 6 of Moodifier): an aligned token takes its source token's map, a new one keeps its own.
 * Padding maps onto itself.
 */
export function refine(alignment: Alignment, length: number): CrossControl {
  const control = { length, map: new Float32Array(length * length), keep: new Float32Array(length) };
  for (let j = 0; j < length; j++) {
    const i = alignment[j] ?? j;
    if (i >= 0) {
      control.map[i * length + j] = 1;
    } else {
      control.keep[j] = 1;
    }
  }
  return control;
}

/**
 * Replace: like refine, but tokens that took the place of source tokens take those maps too: one to one when the runs are equally
 * long, else each of n target tokens gets 1/n of every source token. Pure insertions keep their own map.
 */
export function replace(alignment: Alignment, sourceLength: number, length: number): CrossControl {
  const control = refine(alignment, length);
  for (const { sourceStart, sourceEnd, targetStart, targetEnd } of findSwaps(alignment, sourceLength)) {
    const count = targetEnd - targetStart;
    const paired = count === sourceEnd - sourceStart;
    for (let j = targetStart; j < targetEnd; j++) {
      control.keep[j] = 0;
      for (let i = sourceStart; i < sourceEnd; i++) {
        const weight = paired ? Number(i - sourceStart === j - targetStart) : 1 / count;
        control.map[i * length + j] = weight;
      }
    }
  }
  return control;
}

/** Reweight: the same control with the maps of `tokens` multiplied by `factor`; not renormalised, as in prompt-to-prompt. */
export function reweight(control: CrossControl, tokens: Iterable<number>, factor: number): CrossControl {
  const map = control.map.slice();
  const keep = control.keep.slice();
  for (const j of tokens) {
    keep[j]! *= factor;
    for (let i = 0; i < control.length; i++) {
      map[i * control.length + j]! *= factor;
    }
  }
  return { length: control.length, map, keep };
}
