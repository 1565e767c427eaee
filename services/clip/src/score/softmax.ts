/** Softmax in double precision; the values sum to 1. */
export function softmax(logits: number[]): number[] {
  const max = Math.max(...logits);
  const powers = logits.map((logit) => Math.exp(logit - max));
  const sum = powers.reduce((total, power) => total + power, 0);
  return powers.map((power) => power / sum);
}
