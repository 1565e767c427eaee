/** Where the grid of an LCM sampler comes from. */
export interface TimestepGrid {
  /** Number of training timesteps. */
  readonly trainTimesteps: number;
  /** Number of DDIM steps on which the grid stands; at most this many steps can be asked for. */
  readonly originalSteps: number;
}

/**
 * `count` training timesteps, descending, as latent consistency models take them (Luo et al. 2023): the grid k-1, 2k-1, ... with
 * k = trainTimesteps / originalSteps, reversed, read at floor(i * originalSteps / count).
 * Throws RangeError unless `count` is a whole number in 1..originalSteps.
 */
export function lcmTimesteps(count: number, grid: TimestepGrid): number[] {
  const { trainTimesteps, originalSteps } = grid;
  if (!Number.isInteger(count) || count < 1 || count > originalSteps) {
    throw new RangeError(`count must be a whole number in 1..${originalSteps}, got ${count}`);
  }
  const spacing = Math.floor(trainTimesteps / originalSteps);
  // The stride is rounded before it is multiplied, which is how the Python reference places the steps.
  const stride = originalSteps / count;
  return Array.from({ length: count }, (_, i) => spacing * (originalSteps - Math.floor(i * stride)) - 1);
}
