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

/** Natural logarithm of the softmax probability of one id. */
export function logProbability(logits: Float32Array, id: number): number {
  let max = Number.NEGATIVE_INFINITY;
  for (const logit of logits) max = Math.max(max, logit);
  let sum = 0;
  for (const logit of logits) sum += Math.exp(logit - max);
  return (logits[id] ?? Number.NEGATIVE_INFINITY) - max - Math.log(sum);
}
