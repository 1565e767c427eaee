import type { Session } from "@moodifier/inference";
import { asFloat32, gaussianNoise, type TypedTensor } from "@moodifier/tensor";
import type { AttentionMap } from "../attention/local-blend.ts";
import { MUTUAL_TEXT, SOURCE_TEXT, TARGET_EMPTY, TARGET_TEXT } from "../attention/phases.ts";
import type { RowPlan } from "../attention/rows.ts";
import { addNoise, estimateClean, guide } from "../schedule/ddcm.ts";
import { toNoise, type Prediction } from "../schedule/noise-schedule.ts";
import { DenoiserBatches, type BranchLatents, type DenoiserContext } from "./denoiser-batch.ts";
import type { LoopHook, StepState } from "./loop-hook.ts";

/** One edit's denoising, fully decided. */
export interface DenoiseJob {
  readonly context: DenoiserContext;
  /** x_0: the clean source latent `[channels, h, w]`, scaled. */
  readonly clean: Float32Array;
  /** Training timesteps, descending. */
  readonly timesteps: readonly number[];
  /** Which rows run, for each step. */
  readonly plans: readonly RowPlan[];
  /** ᾱ of every training timestep. */
  readonly alphas: Float64Array;
  readonly prediction: Prediction;
  /** Guidance scale of the target branch, above 1. */
  readonly guidanceScale: number;
  /** Clean estimates are cut to ± this; Infinity leaves them. */
  readonly cleanLimit: number;
  /** Seed of all noise. */
  readonly seed: bigint;
  readonly hooks: readonly LoopHook[];
}

/** How to watch and stop the loop. */
export interface DenoiseOptions {
  /** Checked before every step; a step under way is abandoned. */
  readonly signal?: AbortSignal | undefined;
  /** Called after each step with the 1-based number of the step and the target's clean estimate; the loop waits for it. */
  readonly onStep?: ((step: number, target: Float32Array) => Promise<void> | void) | undefined;
}

/** The edited latent and the work that it took. */
export interface DenoiseOutcome {
  /** The target's clean latent `[channels, h, w]`, scaled. */
  readonly target: Float32Array;
  /** Batch rows that the denoiser ran, over all steps. */
  readonly rows: number;
}

/**
 * The one denoise loop (Algorithm 1 of Moodifier over DDCM with η = 1): predict all rows, guide the target, estimate the clean latents, let
 * the hooks change the target's, add the step's noise. Noise: stream 0 of the seed at the start, stream 1 + i at step i, shared by all branches.
 */
export async function denoise(
  denoiser: Session,
  job: DenoiseJob,
  options: DenoiseOptions = {},
): Promise<DenoiseOutcome> {
  const { clean, timesteps, alphas, context } = job;
  const dims = [1, context.channels, context.height, context.width];
  const batches = new DenoiserBatches(context);
  const outputs = job.hooks.some((hook) => hook.mapRows) ? ["noise", "maps"] : ["noise"];
  const start = gaussianNoise({ seed: job.seed, stream: 0, dims }).data;
  let latents: BranchLatents = [start, start, start];
  let target = clean;
  let rows = 0;
  for (const [index, timestep] of timesteps.entries()) {
    options.signal?.throwIfAborted();
    const plan = job.plans[index]!;
    const run = await denoiser.run(batches.feeds(plan, timestep, latents), { signal: options.signal, outputs });
    rows += plan.rows.length;
    const estimates = estimateBranches(job, plan, alphas[timestep]!, latents, asFloat32(run.noise, "noise").data);
    target = applyHooks(job, plan, index, estimates, run.maps && asFloat32(run.maps, "maps"));
    await options.onStep?.(index + 1, target);
    if (index + 1 < timesteps.length) {
      const alpha = alphas[timesteps[index + 1]!]!;
      const noise = gaussianNoise({ seed: job.seed, stream: 1 + index, dims }).data;
      const mutual = estimates.mutual ? addNoise(estimates.mutual, noise, alpha) : latents[2];
      latents = [addNoise(clean, noise, alpha), addNoise(target, noise, alpha), mutual];
    }
  }
  return { target, rows };
}

interface Estimates {
  readonly target: Float32Array;
  readonly mutual: Float32Array | undefined;
}

function estimateBranches(
  job: DenoiseJob,
  plan: RowPlan,
  alpha: number,
  latents: BranchLatents,
  output: Float32Array,
): Estimates {
  const size = job.clean.length;
  const noiseOf = (row: number) => {
    const at = plan.position[row]!;
    return toNoise(job.prediction, output.subarray(at * size, (at + 1) * size), latents[row % 3]!, alpha);
  };
  const shared = { clean: job.clean, source: latents[0], sourceNoise: noiseOf(SOURCE_TEXT), alpha };
  const guided = guide(noiseOf(TARGET_EMPTY), noiseOf(TARGET_TEXT), job.guidanceScale);
  const target = estimateClean({ ...shared, branch: latents[1], branchNoise: guided }, job.cleanLimit);
  const mutual =
    plan.position[MUTUAL_TEXT]! >= 0
      ? estimateClean({ ...shared, branch: latents[2], branchNoise: noiseOf(MUTUAL_TEXT) }, job.cleanLimit)
      : undefined;
  return { target, mutual };
}

function applyHooks(
  job: DenoiseJob,
  plan: RowPlan,
  index: number,
  estimates: Estimates,
  maps: TypedTensor<"float32"> | undefined,
): Float32Array {
  const map = (row: number): AttentionMap => {
    const at = plan.position[row]!;
    if (!maps || at < 0) {
      throw new RangeError(`row ${row} has no attention map at step ${index}`);
    }
    const [, pixels = 0, length = 0] = maps.dims;
    return { data: maps.data.subarray(at * pixels * length, (at + 1) * pixels * length), length };
  };
  let target = estimates.target;
  for (const hook of job.hooks) {
    const state: StepState = {
      index,
      steps: job.timesteps.length,
      clean: job.clean,
      target,
      mutual: estimates.mutual,
      map,
    };
    target = hook.afterEstimate(state);
  }
  return target;
}
