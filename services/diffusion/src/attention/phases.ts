/**
 * The six batch rows of an unpruned step: three branches (source, target, mutual), each with the empty text and with its own text.
 * The mutual branch carries the source's text: it draws the source's content in the target's layout (InfEdit, Xu et al. 2024).
 */
export const SOURCE_EMPTY = 0;
export const TARGET_EMPTY = 1;
export const MUTUAL_EMPTY = 2;
export const SOURCE_TEXT = 3;
export const TARGET_TEXT = 4;
export const MUTUAL_TEXT = 5;

/** Number of rows of an unpruned step. */
export const ROW_COUNT = 6;

/** For each of the six rows, the row from which self-attention takes its queries, keys and values. */
export interface SelfWiring {
  readonly q: readonly number[];
  readonly k: readonly number[];
  readonly v: readonly number[];
}

/** Early: target and mutual draw with the source's self-attention maps; the target keeps its own values, so its content may change. */
const REPLACED: SelfWiring = { q: [0, 0, 0, 3, 3, 3], k: [0, 0, 0, 3, 3, 3], v: [0, 1, 0, 3, 4, 3] };

/** Late: the target is free; the mutual branch looks up the source's keys and values with the target's queries (MasaCtrl). */
const MUTUAL: SelfWiring = { q: [0, 1, 1, 3, 4, 4], k: [0, 1, 0, 3, 4, 3], v: [0, 1, 0, 3, 4, 3] };

/** Attention control of one step, all rows. */
export interface StepWiring {
  readonly self: SelfWiring;
  /** Whether the cross gate of the target's text row is open (Eq. 6 of Moodifier). */
  readonly crossOpen: boolean;
}

/** When control acts, as fractions of the steps, 0..1. */
export interface ControlSchedule {
  readonly crossReplace: number;
  readonly selfReplace: number;
}

/**
 * The wiring of step `index` (0-based) of `steps`, by progress p = (index + 1) / steps: self-attention is replaced while p < selfReplace,
 * cross-attention is mapped while p <= crossReplace (tau_c of Eq. 6), as InfEdit's unified attention control counts.
 */
export function wireStep(index: number, steps: number, schedule: ControlSchedule): StepWiring {
  const progress = (index + 1) / steps;
  return { self: progress < schedule.selfReplace ? REPLACED : MUTUAL, crossOpen: progress <= schedule.crossReplace };
}
