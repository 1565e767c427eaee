"""The whole edit in eager PyTorch, unpruned: DDCM with eta = 1 (InfEdit, Xu et al. 2024) in the readings of the design, section 6."""

from dataclasses import dataclass

import torch

from .align import align_tokens
from .random import gaussian_noise
from .reference_attention import ReferenceProcessor, UnifiedController
from .schedule import alphas_cumprod, lcm_timesteps, to_noise


@dataclass
class EditInputs:
    """x0: scaled latent [1, 4, h, w]; text: states of (empty, source, target), each [1, L, width]; mask [1, 1, h, w], 1 = may change."""

    x0: torch.Tensor
    empty: torch.Tensor
    source: torch.Tensor
    target: torch.Tensor
    source_tokens: list
    target_tokens: list
    mask: torch.Tensor
    seed: int
    steps: int
    guidance: float
    cross: float
    self_: float


def predict_x0(x0, x_branch, x_source, e_branch, e_source, alpha):
    """x0 + [(x_b - x_s) - sqrt(1 - abar)(e_b - e_s)] / sqrt(abar): the branch's clean estimate under virtual inversion."""
    return x0 + ((x_branch - x_source) - (1 - alpha) ** 0.5 * (e_branch - e_source)) / alpha**0.5


def renoise(x0, noise, alpha):
    """sqrt(abar) x0 + sqrt(1 - abar) z."""
    return alpha**0.5 * x0 + (1 - alpha) ** 0.5 * noise


def draw(seed, stream, like):
    return torch.from_numpy(gaussian_noise(seed, stream, tuple(like.shape)))


@torch.no_grad()
def edit(unet, inputs, schedule):
    """(final x0, trace): trace has one entry per step, as documented in tests/golden/README.md. Changes the UNet's processors."""
    x0, mask, steps = inputs.x0, inputs.mask, inputs.steps
    alphas, times = alphas_cumprod(schedule), lcm_timesteps(steps, schedule)
    control = UnifiedController(*align_tokens(inputs.source_tokens, inputs.target_tokens, inputs.source.shape[1]), mask)
    unet.set_attn_processor(ReferenceProcessor(control))
    text = torch.cat([inputs.empty, inputs.empty, inputs.empty, inputs.source, inputs.target, inputs.source])
    source = target = mutual = draw(inputs.seed, 0, x0)
    trace = []
    for i, t in enumerate(times):
        progress = (i + 1) / steps
        control.refine, control.replace_self = progress <= inputs.cross, progress < inputs.self_
        rows = torch.cat([source, target, mutual, source, target, mutual])
        out = to_noise(schedule, unet(rows, torch.full((6,), t), text).sample, rows, alphas[t])
        e_source, e_target, e_mutual = out[3:4], out[1:2] + inputs.guidance * (out[4:5] - out[1:2]), out[5:6]
        clean = predict_x0(x0, target, source, e_target, e_source, alphas[t])
        clean_mutual = predict_x0(x0, mutual, source, e_mutual, e_source, alphas[t])
        if i + 1 < steps:
            noise, alpha = draw(inputs.seed, 1 + i, x0), alphas[times[i + 1]]
            source, target, mutual = (renoise(z, noise, alpha) for z in (x0, clean, clean_mutual))
            target = mask * target + (1 - mask) * source
        else:
            target, mutual = mask * clean + (1 - mask) * x0, clean_mutual
        entry = {"timestep": t, "progress": progress, "crossRefine": control.refine, "selfReplace": control.replace_self}
        trace.append(entry | {name: moments(z) for name, z in (("target", target), ("predicted", clean), ("mutual", mutual))})
    return target, trace


def moments(x):
    return {"mean": float(x.mean()), "std": float(x.std(correction=0))}
