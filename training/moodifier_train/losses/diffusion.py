"""Velocity prediction with a weight per latent cell."""

import torch
import torch.nn.functional as F


def add_noise(latent, noise, timestep, alphas):
    """q(x_t | x_0): sqrt(abar_t) x_0 + sqrt(1 - abar_t) noise (Ho et al. 2020, equation 4)."""
    a = alphas[timestep].view(-1, 1, 1, 1)
    return a.sqrt() * latent + (1 - a).sqrt() * noise


def weighted_mse(predicted, truth, weight):
    """Mean squared error with `weight` [B, 1, h, w], normalised by the mean weight so that the scale stays that of plain MSE."""
    return ((predicted - truth) ** 2 * weight).mean() / weight.mean()


def velocity(latent, noise, timestep, alphas):
    """v = sqrt(abar_t) noise - sqrt(1 - abar_t) x_0 (Salimans & Ho 2022): what the denoiser predicts.

    An error of v counts an error of x_0 alike at every timestep; an error of the predicted noise hardly counts one where noise dominates,
    which is where the text decides the picture.
    """
    a = alphas[timestep].view(-1, 1, 1, 1)
    return a.sqrt() * noise - (1 - a).sqrt() * latent


def noise_of_velocity(predicted, noisy, timestep, alphas):
    """The noise that a predicted velocity means for the noisy latent x_t."""
    a = alphas[timestep].view(-1, 1, 1, 1)
    return a.sqrt() * predicted + (1 - a).sqrt() * noisy


def dilate(mask, cells=1):
    """Grow a float mask [B, 1, h, w] by `cells` in every direction."""
    return F.max_pool2d(mask, 2 * cells + 1, 1, cells) if cells else mask


def sample_timesteps(count, steps, generator=None, grid_share=0.0, original_steps=50, lean=1.0):
    """int64 [count] in 0..steps-1; a `grid_share` of them lies on the `original_steps` grid that LCM sampling visits.

    `lean` 1 draws uniformly; 2 makes a timestep as likely as it is high, because the text is read where noise dominates.
    """
    t = (torch.rand(count, generator=generator) ** (1 / lean) * steps).long().clamp(max=steps - 1)
    stride = steps // original_steps
    on_grid = torch.rand(count, generator=generator) < grid_share
    return torch.where(on_grid, (t // stride) * stride + stride - 1, t)
