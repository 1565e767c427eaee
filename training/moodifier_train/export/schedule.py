"""The noise schedule and the LCM timesteps (Luo et al. 2023) that the edit walks."""

import numpy as np


def alphas_cumprod(schedule):
    """float64 [trainTimesteps] of a manifest's noiseSchedule: cumulative product of 1 - beta."""
    start, end, count = schedule["betaStart"], schedule["betaEnd"], schedule["trainTimesteps"]
    betas = np.linspace(start**0.5, end**0.5, count) ** 2 if schedule["kind"] == "scaled_linear" else np.linspace(start, end, count)
    return np.cumprod(1 - betas)


def to_noise(schedule, output, noisy, alpha):
    """The noise that the denoiser's `output` for the latent `noisy` (arrays or tensors of one shape) means under the schedule's `prediction`."""
    if schedule["prediction"] == "epsilon":
        return output
    if schedule["prediction"] == "v_prediction":
        return alpha**0.5 * output + (1 - alpha) ** 0.5 * noisy
    return (noisy - alpha**0.5 * output) / (1 - alpha) ** 0.5


def lcm_timesteps(steps, schedule):
    """`steps` descending timesteps: the grid of originalSteps distilled steps, taken at floor(i * grid / steps)."""
    grid = schedule["originalSteps"]
    stride = schedule["trainTimesteps"] // grid
    return [(grid - i * grid // steps) * stride - 1 for i in range(steps)]
