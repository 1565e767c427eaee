import { MUTUAL_TEXT, SOURCE_TEXT, wireStep, type ControlSchedule } from "./phases.ts";
import { planAllRows, planRows, type RowPlan } from "./rows.ts";

/** What the row plans of a whole edit depend on. */
export interface PlanRequest {
  readonly steps: number;
  readonly schedule: ControlSchedule;
  /** Whose cross maps the target takes. */
  readonly crossFrom: "source" | "mutual";
  /** Rows that are read at every step. */
  readonly reads: readonly number[];
  /** Whether something reads the mutual branch's estimate at every step. */
  readonly readsMutual: boolean;
}

/**
 * The rows of every step. The mutual branch runs at a step only if its maps are taken, its estimate is read, or a later step needs its
 * latent. Equal plans are one object. `prune` false gives six rows a step, for comparison.
 */
export function planSteps(request: PlanRequest, prune = true): RowPlan[] {
  const { steps, schedule, crossFrom, reads, readsMutual } = request;
  const crossSource = crossFrom === "mutual" ? MUTUAL_TEXT : SOURCE_TEXT;
  const wirings = Array.from({ length: steps }, (_, index) => wireStep(index, steps, schedule));
  const lastMapped = crossFrom === "mutual" ? wirings.findLastIndex(({ crossOpen }) => crossOpen) : -1;
  const known = new Map<string, RowPlan>();
  return wirings.map((wiring, index) => {
    const mutual = readsMutual || index < lastMapped;
    const used = mutual ? [...reads, MUTUAL_TEXT] : reads;
    const plan = (prune ? planRows : planAllRows)({ wiring, crossSource, used, sameLatents: index === 0 });
    const key = JSON.stringify(plan);
    const same = known.get(key) ?? plan;
    known.set(key, same);
    return same;
  });
}
