import type { BranchLatents } from "../pipeline/denoiser-batch.ts";

/** What an edit gives its trajectory to start from. */
export interface Journey {
  /** x_0: the clean source latent `[channels, h, w]`, scaled. */
  readonly clean: Float32Array;
  /** ᾱ of every step, ascending: the steps go from noise to the picture. */
  readonly alphas: readonly number[];
  /** Clean estimates are cut to ± this. */
  readonly cleanLimit: number;
  /** Standard normal noise of stream `stream` of the edit's seed, as long as `clean`. */
  draw(stream: number): Float32Array;
  /** ε of the source's text, without guidance, for a latent at the noise of step `index`. One run of the denoiser. */
  predictSource(latent: Float32Array, index: number): Promise<Float32Array>;
}

/** Noise that the branches' text predicts at one step. */
export interface BranchNoise {
  /** Guided, if the row of the source's empty text ran. */
  readonly source: Float32Array | undefined;
  /** Guided. */
  readonly target: Float32Array;
  readonly mutual: Float32Array | undefined;
}

/** Clean estimates of one step. */
export interface Estimates {
  readonly target: Float32Array;
  readonly mutual: Float32Array | undefined;
}

/** One edit's way from noise to the picture: where the branches start, what their predictions mean, where they go on. */
export interface Trajectory {
  readonly start: BranchLatents;
  estimate(index: number, latents: BranchLatents, noise: BranchNoise): Estimates;
  /** The noisy latents of step `index + 1`; `clean` are the estimates of step `index` as the hooks left them. */
  advance(index: number, latents: BranchLatents, noise: BranchNoise, clean: Estimates): BranchLatents;
}

/** A kind of trajectory. */
export interface TrajectoryKind {
  /** The rows (see phases.ts) whose predictions it uses at every step, beside those of the hooks. */
  readonly reads: readonly number[];
  open(journey: Journey): Promise<Trajectory>;
}
