import { SOURCE_TEXT, TARGET_EMPTY, TARGET_TEXT } from "../attention/phases.ts";
import { addNoise, estimateClean } from "../schedule/ddcm.ts";
import type { TrajectoryKind } from "./trajectory.ts";

/**
 * DDCM with η = 1 (InfEdit, Xu et al. 2024): nothing is inverted, the source's latents are drawn from the forward process and all branches
 * share their noise. Streams: 0 at the start, 1 + i behind step i.
 */
export const virtualInversion: TrajectoryKind = {
  // The source's guidance scale is 1: no row of its empty text.
  reads: [SOURCE_TEXT, TARGET_EMPTY, TARGET_TEXT],
  async open({ clean, alphas, cleanLimit, draw }) {
    const start = draw(0);
    return {
      start: [start, start, start],
      estimate(index, [source, target, mutual], noise) {
        const shared = { clean, source, sourceNoise: noise.source!, alpha: alphas[index]! };
        return {
          target: estimateClean({ ...shared, branch: target, branchNoise: noise.target }, cleanLimit),
          mutual: noise.mutual && estimateClean({ ...shared, branch: mutual, branchNoise: noise.mutual }, cleanLimit),
        };
      },
      advance(index, latents, _noise, estimates) {
        const noise = draw(1 + index);
        const next = (value: Float32Array) => addNoise(value, noise, alphas[index + 1]!);
        return [next(clean), next(estimates.target), estimates.mutual ? next(estimates.mutual) : latents[2]];
      },
    };
  },
};
