import { SOURCE_EMPTY, SOURCE_TEXT, TARGET_EMPTY, TARGET_TEXT } from "../attention/phases.ts";
import type { BranchLatents } from "../pipeline/denoiser-batch.ts";
import { addNoise } from "../schedule/ddcm.ts";
import { cleanOf } from "../schedule/ddim.ts";
import type { Journey, Trajectory, TrajectoryKind } from "./trajectory.ts";

/** DDIM inversion (Song et al. 2021, Eq. 13): the source is followed into noise by its own predictions; then both branches come back by DDIM, both guided. Costs as many runs more as there are steps. */
export const ddimInversion: TrajectoryKind = {
  reads: [SOURCE_EMPTY, SOURCE_TEXT, TARGET_EMPTY, TARGET_TEXT],
  open: async (journey) => {
    const noisy = await invert(journey);
    return walk(journey, noisy[0]!, (index, source, noise) => step(journey, index, source, noise!));
  },
};

/** Direct inversion (Ju et al. 2024): as DDIM inversion, but the source is put back on its inverted latents at every step, so that it cannot drift. */
export const directInversion: TrajectoryKind = {
  reads: [TARGET_EMPTY, TARGET_TEXT],
  open: async (journey) => {
    const noisy = await invert(journey);
    return walk(journey, noisy[0]!, (index) => noisy[index + 1]!);
  },
};

/** SDEdit (Meng et al. 2022): noise is added to the source as far as the first step says, and the target's text alone takes it away again. */
export const noiseAndDenoise: TrajectoryKind = {
  reads: [TARGET_EMPTY, TARGET_TEXT],
  open: async (journey) => {
    const noise = journey.draw(0);
    const noisy = (index: number) => addNoise(journey.clean, noise, journey.alphas[index]!);
    return walk(journey, noisy(0), (index) => noisy(index + 1));
  },
};

/** The source's noisy latent at every step, noisiest first. The prediction at each noise level is taken from the latent one level below it. */
async function invert(journey: Journey): Promise<Float32Array[]> {
  const noisy: Float32Array[] = [];
  let [latent, below] = [journey.clean, 1];
  for (let index = journey.alphas.length - 1; index >= 0; index--) {
    const alpha = journey.alphas[index]!;
    const noise = await journey.predictSource(latent, index);
    latent = addNoise(cleanOf(latent, noise, below, Infinity), noise, alpha);
    below = alpha;
    noisy.unshift(latent);
  }
  return noisy;
}

/** DDIM with η = 0 for the target; `follow` says where the source goes. No mutual branch. */
function walk(
  journey: Journey,
  start: Float32Array,
  follow: (index: number, source: Float32Array, noise: Float32Array | undefined) => Float32Array,
): Trajectory {
  const { alphas, cleanLimit } = journey;
  return {
    start: [start, start, start],
    estimate: (index, [, target], noise) => ({
      target: cleanOf(target, noise.target, alphas[index]!, cleanLimit),
      mutual: undefined,
    }),
    advance(index, [source], noise, { target }): BranchLatents {
      const next = follow(index, source, noise.source);
      return [next, addNoise(target, noise.target, alphas[index + 1]!), next];
    },
  };
}

function step({ alphas }: Journey, index: number, latent: Float32Array, noise: Float32Array): Float32Array {
  return addNoise(cleanOf(latent, noise, alphas[index]!, Infinity), noise, alphas[index + 1]!);
}
