/**
 * The denoising diffusion consistent model of InfEdit (Xu et al. 2024): "virtual inversion". The source latent of every timestep is
 * drawn from the forward process of the clean picture, so its noise is known exactly and no inversion runs.
 *
 * Only the variance η = 1 is offered. With η < 1 the published update moves the source latent along a direction that holds the
 * difference of two predictions, so the source leaves the forward process q(x_t | x_0) and the known noise is known no longer.
 * With η = 1 that direction has weight 0: every branch is its clean estimate with fresh, shared noise.
 */

/** Latents and predictions of one branch beside the source's; all arrays have one length. */
export interface BranchState {
  /** x_0: the clean source latent, scaled. */
  readonly clean: Float32Array;
  /** x_s: the noisy source latent. */
  readonly source: Float32Array;
  /** ε_s: the noise predicted for the source. */
  readonly sourceNoise: Float32Array;
  /** x_b: the noisy latent of the branch. */
  readonly branch: Float32Array;
  /** ε_b: the noise predicted for the branch, after guidance. */
  readonly branchNoise: Float32Array;
  /** ᾱ_t of the step. */
  readonly alpha: number;
}

/** Scaled latents lie within a few standard deviations; an estimate beyond this is an error that a very noisy step has magnified. */
export const CLEAN_LIMIT = 5;

/**
 * The branch's clean estimate x̂0_b = x_0 + [(x_b - x_s) - √(1-ᾱ)(ε_b - ε_s)] / √ᾱ, cut to ±`limit`. Equal predictions and latents
 * give `clean` itself, wherever it lies within the limit.
 */
export function estimateClean(state: BranchState, limit: number): Float32Array {
  const { clean, source, sourceNoise, branch, branchNoise, alpha } = state;
  const signal = Math.sqrt(alpha);
  const noise = Math.sqrt(1 - alpha);
  const estimate = new Float32Array(clean.length);
  for (let i = 0; i < estimate.length; i++) {
    const drift = branch[i]! - source[i]! - noise * (branchNoise[i]! - sourceNoise[i]!);
    estimate[i] = Math.min(limit, Math.max(-limit, clean[i]! + drift / signal));
  }
  return estimate;
}

/** Draws from the forward process: √ᾱ' x + √(1-ᾱ') z, with the z that all branches share at this step. */
export function addNoise(clean: Float32Array, noise: Float32Array, alpha: number): Float32Array {
  const [signal, spread] = [Math.sqrt(alpha), Math.sqrt(1 - alpha)];
  return clean.map((value, i) => signal * value + spread * noise[i]!);
}

/** Classifier-free guidance ε_u + w (ε_c - ε_u) (Ho and Salimans 2022). */
export function guide(empty: Float32Array, text: Float32Array, scale: number): Float32Array {
  return empty.map((value, i) => value + scale * (text[i]! - value));
}
