import { openModel, type Model, type Session } from "@moodifier/inference";
import { createMask } from "@moodifier/tensor";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { expectClose, readFloats, readGolden, TINY } from "../../test/golden.ts";
import { alignTokens } from "../attention/align.ts";
import { refine } from "../attention/controls.ts";
import { LocalBlend } from "../attention/local-blend.ts";
import { planSteps } from "../attention/step-plans.ts";
import { followMutual, keepSource } from "../methods/site-hooks.ts";
import { lcmTimesteps } from "../schedule/lcm-timesteps.ts";
import { ddimInversion, directInversion, noiseAndDenoise } from "../trajectory/ddim.ts";
import type { TrajectoryKind } from "../trajectory/trajectory.ts";
import { virtualInversion } from "../trajectory/virtual-inversion.ts";
import { cumulateAlphas } from "../schedule/noise-schedule.ts";
import { denoise, type DenoiseJob } from "./denoise.ts";
import type { LoopHook } from "./loop-hook.ts";

interface Case {
  name: string;
  seed: string;
  steps: number;
  guidanceScale: number;
  crossReplace: number;
  selfReplace: number;
  sourceTokens: number[];
  targetTokens: number[];
  length: number;
  x0: string;
  textEmpty: string;
  textSource: string;
  textTarget: string;
  mask: string;
  finalX0: string;
  trace: { timestep: number; predicted: Moments; mutual: Moments }[];
}
interface Moments {
  mean: number;
  std: number;
}
interface Golden {
  tolerance: number;
  arrays: Record<string, { offset: number; dims: number[] }>;
  cases: Case[];
}

const golden = readGolden<Golden>("edit-loop.json");
const floats = readFloats("edit-loop.bin");
const baselines = readGolden<Golden>("edit-trajectories.json");
const baselineFloats = readFloats("edit-trajectories.bin");
let model: Model;
let denoiser: Session;

beforeAll(async () => {
  model = await openModel(TINY, { threads: 1 });
  denoiser = await model.session("denoiser");
});
afterAll(() => model?.close());

type Arrays = (name: string) => { dims: number[]; data: Float32Array };
const arraysOf =
  ({ arrays }: Golden, values: Float32Array): Arrays =>
  (name) => {
    const { offset, dims } = arrays[name]!;
    return { dims, data: values.subarray(offset, offset + dims.reduce((product, dim) => product * dim, 1)) };
  };
const read = arraysOf(golden, floats);

/** The job of a golden case; `hooks` and `crossFrom` default to the method "moodifier". */
function makeJob(
  item: Case,
  options: {
    hooks?: LoopHook[];
    crossFrom?: "source" | "mutual";
    prune?: boolean;
    trajectory?: TrajectoryKind;
    timesteps?: number[];
    arrays?: Arrays;
  } = {},
): DenoiseJob {
  const { trajectory = virtualInversion, arrays = read } = options;
  const { noiseSchedule, denoiser: shape } = model.manifest;
  const clean = arrays(item.x0);
  const [, channels = 0, height = 0, width = 0] = clean.dims;
  const mask = createMask({ width, height }, arrays(item.mask).data);
  const states = [item.textEmpty, item.textSource, item.textTarget].map((name) => arrays(name));
  const text = {
    length: item.length,
    width: states[0]!.dims[2]!,
    data: Float32Array.from(states.flatMap(({ data }) => [...data])),
  };
  const timesteps = options.timesteps ?? lcmTimesteps(item.steps, noiseSchedule);
  const hooks = options.hooks ?? keepSource({ mask });
  const plans = planSteps(
    {
      steps: timesteps.length,
      schedule: item,
      reads: trajectory.reads,
      crossFrom: options.crossFrom ?? "source",
      readsMutual: hooks.some((hook) => hook.readsMutual),
    },
    options.prune ?? true,
  );
  const control = refine(alignTokens(item.sourceTokens, item.targetTokens), item.length);
  return {
    context: { layers: shape.layers, channels, height, width, text, control, region: mask.data },
    clean: clean.data,
    timesteps,
    plans,
    alphas: cumulateAlphas(noiseSchedule),
    prediction: noiseSchedule.prediction,
    guidanceScale: item.guidanceScale,
    cleanLimit: Infinity,
    seed: BigInt(item.seed),
    trajectory,
    hooks,
  };
}

function measure(values: Float32Array): Moments {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  return { mean, std: Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length) };
}

function expectMoments(what: string, actual: Moments, expected: Moments): void {
  const tolerance = golden.tolerance * Math.max(1, expected.std);
  expectClose(what, [actual.mean, actual.std], [expected.mean, expected.std], tolerance);
}

describe.each(golden.cases)("full loop: $name", (item) => {
  test("equals eager PyTorch, pruned and unpruned", async () => {
    const pruned = await denoise(denoiser, makeJob(item));
    const unpruned = await denoise(denoiser, makeJob(item, { prune: false }));
    expectClose("pruned", pruned.target, read(item.finalX0).data, golden.tolerance);
    expectClose("unpruned", unpruned.target, read(item.finalX0).data, golden.tolerance);
    expect(unpruned.rows).toBe(6 * item.steps);
    expect(pruned.rows).toBeLessThanOrEqual(4 * item.steps);
  });

  test("target and mutual estimates have the mean and spread of eager PyTorch's at every step", async () => {
    const seen: { target: Moments; mutual: Moments }[] = [];
    const watch: LoopHook = {
      readsMutual: true,
      afterEstimate({ target, mutual }) {
        seen.push({ target: measure(target), mutual: measure(mutual!) });
        return target;
      },
    };
    const job = makeJob(item);
    const withMutual = makeJob(item, { hooks: [watch, ...job.hooks] });
    await denoise(denoiser, withMutual);
    item.trace.forEach(({ predicted }, step) => expectMoments(`step ${step} target`, seen[step]!.target, predicted));
    // Before the last step the trace holds noisy latents; there it holds the mutual branch's estimate.
    expectMoments("last step mutual", seen.at(-1)!.mutual, item.trace.at(-1)!.mutual);
  });
});

describe("the baselines' trajectories", () => {
  const arrays = arraysOf(baselines, baselineFloats);
  test.each([
    { kind: ddimInversion, runs: 6 + 3 + 5 * 4 },
    { kind: directInversion, runs: 6 + 3 + 4 + 3 + 3 * 2 },
    { kind: noiseAndDenoise, runs: 6 * 2 },
  ])("equal eager PyTorch, pruned and unpruned ($runs rows)", async ({ kind, runs }) => {
    const item = baselines.cases[[ddimInversion, directInversion, noiseAndDenoise].indexOf(kind)]!;
    const timesteps = item.trace.map(({ timestep }) => timestep);
    const options = { hooks: [], trajectory: kind, timesteps, arrays };
    const noRegion = (job: DenoiseJob): DenoiseJob => ({ ...job, context: { ...job.context, region: undefined } });
    const pruned = await denoise(denoiser, noRegion(makeJob(item, options)));
    const unpruned = await denoise(denoiser, noRegion(makeJob(item, { ...options, prune: false })));
    expectClose("pruned", pruned.target, arrays(item.finalX0).data, baselines.tolerance);
    expectClose("unpruned", unpruned.target, arrays(item.finalX0).data, baselines.tolerance);
    expect(pruned.rows).toBe(runs);
  });
});

test("pruning changes no value when the mutual branch is in use", async () => {
  const item = golden.cases[0]!;
  const [height = 0, width = 0] = read(item.x0).dims.slice(2);
  const makeHooks = () =>
    followMutual({ blend: new LocalBlend({ width, height }, { source: [18, 19], target: [18, 19, 20] }) });
  const pruned = await denoise(denoiser, makeJob(item, { hooks: makeHooks(), crossFrom: "mutual" }));
  const unpruned = await denoise(denoiser, makeJob(item, { hooks: makeHooks(), crossFrom: "mutual", prune: false }));
  const free = await denoise(denoiser, makeJob(item, { hooks: [], crossFrom: "mutual" }));
  expectClose("target", pruned.target, unpruned.target, 1e-3);
  // 2 steps of self replacement: the first merges equal rows, the second needs all but the mutual branch's empty-text row.
  expect([pruned.rows, free.rows, unpruned.rows]).toEqual([3 + 5 + 6 * 4, 3 + 5 + 2 * 4 + 4 * 3, 48]);
});

test("where the mask is 0 the result is the source's latent, bit for bit", async () => {
  const item = golden.cases[0]!;
  const { target } = await denoise(denoiser, makeJob(item));
  const [clean, mask] = [read(item.x0).data, read(item.mask).data];
  const outside = [...target.keys()].filter((i) => mask[i % mask.length] === 0);
  expect(outside.length).toBeGreaterThan(0);
  expect(outside.every((i) => target[i] === clean[i])).toBe(true);
});

test("an abort stops the loop before the next step", async () => {
  const stop = new AbortController();
  const steps: number[] = [];
  const run = denoise(denoiser, makeJob(golden.cases[0]!), {
    signal: stop.signal,
    onStep: (step) => {
      steps.push(step);
      if (step === 2) stop.abort(new Error("enough"));
    },
  });
  await expect(run).rejects.toThrow("enough");
  expect(steps).toEqual([1, 2]);
});
