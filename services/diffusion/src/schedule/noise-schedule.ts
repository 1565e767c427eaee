/** The noise schedule of a model, as its manifest names it. */
export interface NoiseScheduleConfig {
  readonly kind: "scaled_linear" | "linear";
  /** Variance of the first training timestep, 0..1. */
  readonly betaStart: number;
  /** Variance of the last training timestep, 0..1. */
  readonly betaEnd: number;
  /** Number of training timesteps, for example 1000. */
  readonly trainTimesteps: number;
}

/** What the denoiser's output means. */
export type Prediction = "epsilon" | "v_prediction" | "sample";

/**
 * Cumulative signal variances ᾱ_t = Π (1 - β_s), one for each training timestep, in float64 (Ho et al. 2020, Eq. 4).
 * "scaled_linear" spaces the square roots of β evenly, as latent diffusion models do; "linear" spaces β itself.
 */
export function cumulateAlphas(config: NoiseScheduleConfig): Float64Array {
  const { kind, betaStart, betaEnd, trainTimesteps } = config;
  const root = kind === "scaled_linear";
  const [first, last] = root ? [Math.sqrt(betaStart), Math.sqrt(betaEnd)] : [betaStart, betaEnd];
  const alphas = new Float64Array(trainTimesteps);
  let product = 1;
  for (let t = 0; t < trainTimesteps; t++) {
    const value = first + ((last - first) * t) / Math.max(1, trainTimesteps - 1);
    product *= 1 - (root ? value * value : value);
    alphas[t] = product;
  }
  return alphas;
}

/**
 * The noise ε that a prediction stands for, given the noisy latent `x` and its ᾱ. Same length as both arrays; "epsilon" returns
 * `output` itself. v: ε = √ᾱ v + √(1-ᾱ) x (Salimans and Ho 2022); sample: ε = (x - √ᾱ x̂0) / √(1-ᾱ).
 */
export function toNoise(prediction: Prediction, output: Float32Array, x: Float32Array, alpha: number): Float32Array {
  if (prediction === "epsilon") {
    return output;
  }
  const [signal, noise] = [Math.sqrt(alpha), Math.sqrt(1 - alpha)];
  return prediction === "v_prediction"
    ? output.map((v, i) => signal * v + noise * x[i]!)
    : output.map((clean, i) => (x[i]! - signal * clean) / noise);
}
