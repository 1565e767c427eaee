/** The allowed id with the largest logit; of equals the first. `allowed` is not empty. */
export function pickBest(logits: Float32Array, allowed: readonly number[]): number {
  let best = -1;
  let bestLogit = Number.NEGATIVE_INFINITY;
  for (const id of allowed) {
    const logit = logits[id] ?? Number.NEGATIVE_INFINITY;
    if (best < 0 || logit > bestLogit) {
      best = id;
      bestLogit = logit;
    }
  }
  if (best < 0) throw new RangeError("at least one token must be allowed");
  return best;
}
