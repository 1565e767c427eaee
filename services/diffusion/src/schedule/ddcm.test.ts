import { gaussianNoise } from "@moodifier/tensor";
import { expect, test } from "vitest";
import { expectClose, readGolden } from "../../test/golden.ts";
import { addNoise, CLEAN_LIMIT, estimateClean, guide } from "./ddcm.ts";
import { lcmTimesteps } from "./lcm-timesteps.ts";
import { cumulateAlphas } from "./noise-schedule.ts";

interface Golden {
  tolerance: number;
  identity: { seed: string; steps: number; dims: number[]; x0: number[]; predictionSeed: string; finalX0: number[] }[];
  step: {
    timestep: number;
    nextTimestep: number;
    xSource: number[];
    xBranch: number[];
    eSource: number[];
    eBranch: number[];
    x0: number[];
    noise: number[];
    predictedX0: number[];
    nextBranch: number[];
    nextSource: number[];
  }[];
}
const golden = readGolden<Golden>("ddcm.json");
const grid = {
  kind: "scaled_linear",
  betaStart: 0.00085,
  betaEnd: 0.012,
  trainTimesteps: 1000,
  originalSteps: 50,
} as const;
const alphas = cumulateAlphas(grid);

test("one step equals the Python reference", () => {
  for (const [i, step] of golden.step.entries()) {
    const state = {
      clean: Float32Array.from(step.x0),
      source: Float32Array.from(step.xSource),
      sourceNoise: Float32Array.from(step.eSource),
      branch: Float32Array.from(step.xBranch),
      branchNoise: Float32Array.from(step.eBranch),
      alpha: alphas[step.timestep]!,
    };
    const estimate = estimateClean(state, Infinity);
    const [noise, next] = [Float32Array.from(step.noise), alphas[step.nextTimestep]!];
    expectClose(`step ${i} predictedX0`, estimate, step.predictedX0, golden.tolerance);
    expectClose(`step ${i} nextBranch`, addNoise(estimate, noise, next), step.nextBranch, golden.tolerance);
    expectClose(`step ${i} nextSource`, addNoise(state.clean, noise, next), step.nextSource, golden.tolerance);
  }
});

test("equal predictions reproduce the clean latent, whatever they are", () => {
  for (const { seed, steps, dims, x0, predictionSeed, finalX0 } of golden.identity) {
    const clean = Float32Array.from(x0);
    const draw = (from: string, stream: number) => gaussianNoise({ seed: BigInt(from), stream, dims }).data;
    const timesteps = lcmTimesteps(steps, grid);
    let source: Float32Array = draw(seed, 0);
    let branch = source;
    let estimate: Float32Array = clean;
    timesteps.forEach((timestep, i) => {
      const prediction = draw(predictionSeed, i);
      const state = {
        clean,
        source,
        sourceNoise: prediction,
        branch,
        branchNoise: prediction,
        alpha: alphas[timestep]!,
      };
      estimate = estimateClean(state, Infinity);
      const next = alphas[timesteps[i + 1] ?? timestep]!;
      [source, branch] = [addNoise(clean, draw(seed, 1 + i), next), addNoise(estimate, draw(seed, 1 + i), next)];
    });
    expectClose(`seed ${seed}`, estimate, finalX0, golden.tolerance);
  }
});

test("estimates are cut at the limit", () => {
  const zero = Float32Array.of(0, 0);
  const state = {
    clean: zero,
    source: zero,
    sourceNoise: zero,
    branch: Float32Array.of(1, -1),
    branchNoise: zero,
    alpha: 0.01,
  };
  expect([...estimateClean(state, CLEAN_LIMIT)]).toEqual([5, -5]);
});

test("guidance goes from the empty text's prediction towards the text's", () => {
  expect([...guide(Float32Array.of(1, 0), Float32Array.of(2, -1), 2.5)]).toEqual([3.5, -2.5]);
});
