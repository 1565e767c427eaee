import { ROW_COUNT, SOURCE_TEXT, TARGET_TEXT, type StepWiring } from "./phases.ts";

/** What decides which of the six rows a step must run. */
export interface RowNeeds {
  readonly wiring: StepWiring;
  /** The row whose cross-attention maps the target's text row takes while the gate is open. */
  readonly crossSource: number;
  /** Rows whose predicted noise or maps are used. */
  readonly used: readonly number[];
  /** True at the first step, where all branches start from one latent. */
  readonly sameLatents: boolean;
}

/** A step's batch. Indices in `q`, `k`, `v` and `crossSource` are positions in `rows`. */
export interface RowPlan {
  /** Which of the six rows run, in batch order. */
  readonly rows: readonly number[];
  readonly q: readonly number[];
  readonly k: readonly number[];
  readonly v: readonly number[];
  readonly crossSource: readonly number[];
  /** 1 for the row whose cross-attention is mapped, else 0. */
  readonly crossGate: readonly number[];
  /** For each of the six rows its position in the batch, or -1 when it does not run. A row that equals another shares its position. */
  readonly position: readonly number[];
}

/** All six rows, none merged: what an unpruned loop runs. */
export function planAllRows(needs: RowNeeds): RowPlan {
  const rows = Array.from({ length: ROW_COUNT }, (_, row) => row);
  return assemble(needs, rows, rows);
}

/**
 * Only the rows that are used, and those that a used row reads through self- or cross-attention; rows that must come out equal
 * (same latent, same text, equal rows read) run once. Results equal those of `planAllRows` up to float rounding.
 */
export function planRows(needs: RowNeeds): RowPlan {
  const same = needs.sameLatents ? findEqualRows(needs) : Array.from({ length: ROW_COUNT }, (_, row) => row);
  const live = new Set<number>();
  const pending = needs.used.map((row) => same[row]!);
  for (let row = pending.pop(); row !== undefined; row = pending.pop()) {
    if (!live.has(row)) {
      live.add(row);
      pending.push(...readRows(needs, row).map((read) => same[read]!));
    }
  }
  return assemble(
    needs,
    [...live].sort((a, b) => a - b),
    same,
  );
}

/** One row that reads nothing but itself. */
export function singleRow(row: number): RowPlan {
  const position = Array.from({ length: ROW_COUNT }, (_, other) => (other === row ? 0 : -1));
  return { rows: [row], q: [0], k: [0], v: [0], crossSource: [0], crossGate: [0], position };
}

/** The rows that `row` reads: sources of Q, K and V, and of cross maps when its gate is open. */
function readRows({ wiring, crossSource }: RowNeeds, row: number): number[] {
  const { q, k, v } = wiring.self;
  const cross = row === TARGET_TEXT && wiring.crossOpen ? [crossSource] : [];
  return [q[row]!, k[row]!, v[row]!, ...cross];
}

/**
 * For each row the first row that computes the same, given that all start from one latent: rows are parted by text, then by what they
 * read, until nothing parts any more (partition refinement).
 */
function findEqualRows(needs: RowNeeds): number[] {
  const rows = Array.from({ length: ROW_COUNT }, (_, row) => row);
  let classes: number[] = rows.map((row) => (row < SOURCE_TEXT ? 0 : row === TARGET_TEXT ? 2 : 1));
  for (let count = 0, next = 3; next !== count;) {
    count = next;
    const keys = rows.map((row) => [classes[row], ...readRows(needs, row).map((read) => classes[read])].join());
    const names = [...new Set(keys)];
    classes = keys.map((key) => names.indexOf(key));
    next = names.length;
  }
  return rows.map((row) => classes.indexOf(classes[row]!));
}

function assemble(needs: RowNeeds, rows: readonly number[], same: readonly number[]): RowPlan {
  const position = same.map((row) => rows.indexOf(row));
  const { q, k, v } = needs.wiring.self;
  const pick = (from: readonly number[]) => rows.map((row) => position[from[row]!]!);
  const gated = rows.map((row) => row === TARGET_TEXT && needs.wiring.crossOpen);
  return {
    rows,
    q: pick(q),
    k: pick(k),
    v: pick(v),
    crossSource: rows.map((row, at) => (gated[at] ? position[needs.crossSource]! : at)),
    crossGate: gated.map(Number),
    position,
  };
}
