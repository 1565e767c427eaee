import type { Session } from "@moodifier/inference";
import { asFloat32, gaussianNoise, type TypedTensor } from "@moodifier/tensor";
import type { AttentionMap } from "../attention/local-blend.ts";
import { MUTUAL_TEXT, SOURCE_EMPTY, SOURCE_TEXT, TARGET_EMPTY, TARGET_TEXT } from "../attention/phases.ts";
import { singleRow, type RowPlan } from "../attention/rows.ts";
import { guide } from "../schedule/ddcm.ts";
import { toNoise, type Prediction } from "../schedule/noise-schedule.ts";
import type { BranchNoise, Estimates, TrajectoryKind } from "../trajectory/trajectory.ts";
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
  readonly trajectory: TrajectoryKind;
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
 * The one denoise loop (Algorithm 1 of Moodifier, by default over DDCM with η = 1): predict all rows, guide, let the trajectory estimate the
 * clean latents, let the hooks change the target's, go on along the trajectory.
 */
export async function denoise(
  denoiser: Session,
  job: DenoiseJob,
  options: DenoiseOptions = {},
): Promise<DenoiseOutcome> {
  const { clean, timesteps, context } = job;
  const dims = [1, context.channels, context.height, context.width];
  const batches = new DenoiserBatches(context);
  const outputs = job.hooks.some((hook) => hook.mapRows) ? ["noise", "maps"] : ["noise"];
  let rows = 0;
  const predict = async (plan: RowPlan, index: number, latents: BranchLatents, wanted: string[]) => {
    options.signal?.throwIfAborted();
    rows += plan.rows.length;
    return denoiser.run(batches.feeds(plan, timesteps[index]!, latents), { signal: options.signal, outputs: wanted });
  };
  const path = await job.trajectory.open({
    clean,
    alphas: timesteps.map((timestep) => job.alphas[timestep]!),
    cleanLimit: job.cleanLimit,
    draw: (stream) => gaussianNoise({ seed: job.seed, stream, dims }).data,
    async predictSource(latent, index) {
      const { noise } = await predict(singleRow(SOURCE_TEXT), index, [latent, latent, latent], ["noise"]);
      return toNoise(job.prediction, asFloat32(noise, "noise").data, latent, job.alphas[timesteps[index]!]!);
    },
  });
  let latents = path.start;
  let target = clean;
  for (const [index, timestep] of timesteps.entries()) {
    const plan = job.plans[index]!;
    const run = await predict(plan, index, latents, outputs);
    const noise = readNoise(job, plan, job.alphas[timestep]!, latents, asFloat32(run.noise, "noise").data);
    const estimates = path.estimate(index, latents, noise);
    target = applyHooks(job, plan, index, estimates, run.maps && asFloat32(run.maps, "maps"));
    await options.onStep?.(index + 1, target);
    if (index + 1 < timesteps.length) latents = path.advance(index, latents, noise, { ...estimates, target });
  }
  return { target, rows };
}

/** The predicted noise of each branch, guided where the row of its empty text ran. */
function readNoise(
  job: DenoiseJob,
  plan: RowPlan,
  alpha: number,
  latents: BranchLatents,
  output: Float32Array,
): BranchNoise {
  const size = job.clean.length;
  const noiseOf = (row: number): Float32Array | undefined => {
    const at = plan.position[row]!;
    const predicted = output.subarray(at * size, (at + 1) * size);
    return at < 0 ? undefined : toNoise(job.prediction, predicted, latents[row % 3]!, alpha);
  };
  const guided = (empty: number, text: number) => guide(noiseOf(empty)!, noiseOf(text)!, job.guidanceScale);
  const guidesSource = job.trajectory.reads.includes(SOURCE_EMPTY);
  return {
    source: guidesSource ? guided(SOURCE_EMPTY, SOURCE_TEXT) : noiseOf(SOURCE_TEXT),
    target: guided(TARGET_EMPTY, TARGET_TEXT),
    mutual: noiseOf(MUTUAL_TEXT),
  };
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
