import { expect, test } from "vitest";
import { expectClose, readGolden } from "../../test/golden.ts";
import { lcmTimesteps } from "./lcm-timesteps.ts";
import { cumulateAlphas, toNoise, type NoiseScheduleConfig } from "./noise-schedule.ts";

interface Golden {
  schedule: NoiseScheduleConfig & { originalSteps: number };
  tolerance: number;
  alphasCumprod: { timestep: number; value: number }[];
  lcmTimesteps: Record<string, number[]>;
}
const golden = readGolden<Golden>("noise-schedule.json");

test("cumulative alphas equal the Python reference", () => {
  const alphas = cumulateAlphas(golden.schedule);
  expect(alphas).toHaveLength(1000);
  for (const { timestep, value } of golden.alphasCumprod) {
    expect(Math.abs(alphas[timestep]! - value), `timestep ${timestep}`).toBeLessThanOrEqual(golden.tolerance);
  }
});

test("a linear schedule multiplies evenly spaced betas", () => {
  const alphas = cumulateAlphas({ kind: "linear", betaStart: 0.1, betaEnd: 0.3, trainTimesteps: 3 });
  expectClose("alphas", alphas, [0.9, 0.9 * 0.8, 0.9 * 0.8 * 0.7], 1e-12);
});

test("timesteps equal the Python reference", () => {
  for (const [count, timesteps] of Object.entries(golden.lcmTimesteps)) {
    expect(lcmTimesteps(Number(count), golden.schedule), `${count} steps`).toEqual(timesteps);
  }
});

test("a step count outside the grid is refused", () => {
  for (const count of [0, 51, 2.5]) {
    expect(() => lcmTimesteps(count, golden.schedule)).toThrow(`count must be a whole number in 1..50, got ${count}`);
  }
});

test("every prediction type gives the noise that made the latent", () => {
  const [clean, noise, alpha] = [Float32Array.of(0.5, -1), Float32Array.of(1.25, 0.25), 0.36];
  const noisy = clean.map((value, i) => 0.6 * value + 0.8 * noise[i]!);
  const velocity = clean.map((value, i) => 0.6 * noise[i]! - 0.8 * value);
  expect(toNoise("epsilon", noise, noisy, alpha)).toBe(noise);
  expectClose("sample", toNoise("sample", clean, noisy, alpha), noise, 1e-6);
  expectClose("v", toNoise("v_prediction", velocity, noisy, alpha), noise, 1e-6);
});
