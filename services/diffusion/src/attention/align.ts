/** For each target token the source token that it equals, or -1 for a token that the source lacks. */
export type Alignment = Int32Array;

const LEFT = 0;
const UP = 1;
const DIAGONAL = 2;

/**
 * Aligns two token sequences (start and end tokens included, padding not) by Needleman and Wunsch as prompt-to-prompt does
 * (Hertz et al. 2022): gap 0, match +1, mismatch -1; of equal scores left (a new target token) wins over up (a dropped source token)
 * over diagonal. With these scores a mismatch never pays, so only equal tokens are aligned.
 */
export function alignTokens(source: readonly number[], target: readonly number[]): Alignment {
  const moves = traceMoves(source, target);
  const width = target.length + 1;
  const alignment = new Int32Array(target.length).fill(-1);
  for (let i = source.length, j = target.length; j > 0;) {
    const move = moves[i * width + j];
    if (move === DIAGONAL && source[i - 1] === target[j - 1]) {
      alignment[j - 1] = i - 1;
    }
    i -= move === LEFT ? 0 : 1;
    j -= move === UP ? 0 : 1;
  }
  return alignment;
}

/** A run of new target tokens in the place of a run of dropped source tokens; ends are excluded. */
export interface Swap {
  readonly sourceStart: number;
  readonly sourceEnd: number;
  readonly targetStart: number;
  readonly targetEnd: number;
}

/** The runs where tokens changed. A run without source tokens (a pure insertion) is left out; `sourceLength` is the source's token count. */
export function findSwaps(alignment: Alignment, sourceLength: number): Swap[] {
  const swaps: Swap[] = [];
  let sourceStart = 0;
  for (let j = 0; j < alignment.length;) {
    if (alignment[j]! >= 0) {
      sourceStart = alignment[j++]! + 1;
      continue;
    }
    const targetStart = j;
    while (j < alignment.length && alignment[j]! < 0) {
      j++;
    }
    const sourceEnd = j < alignment.length ? alignment[j]! : sourceLength;
    if (sourceEnd > sourceStart) {
      swaps.push({ sourceStart, sourceEnd, targetStart, targetEnd: j });
    }
  }
  return swaps;
}

function traceMoves(source: readonly number[], target: readonly number[]): Uint8Array {
  const width = target.length + 1;
  const scores = new Int32Array(width * (source.length + 1));
  const moves = new Uint8Array(scores.length).fill(LEFT);
  for (let i = 1; i <= source.length; i++) {
    moves[i * width] = UP;
    for (let j = 1; j < width; j++) {
      const at = i * width + j;
      const left = scores[at - 1]!;
      const up = scores[at - width]!;
      const diagonal = scores[at - width - 1]! + (source[i - 1] === target[j - 1] ? 1 : -1);
      const best = Math.max(left, up, diagonal);
      scores[at] = best;
      moves[at] = left === best ? LEFT : up === best ? UP : DIAGONAL;
    }
  }
  return moves;
}
