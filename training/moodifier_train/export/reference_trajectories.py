"""Other ways from noise to the picture than virtual inversion, in eager PyTorch, unpruned: DDIM inversion, direct inversion and SDEdit."""

import torch

from .align import align_tokens
from .reference_attention import ReferenceProcessor, UnifiedController
from .reference_edit import draw, moments, renoise
from .schedule import alphas_cumprod, lcm_timesteps, to_noise


def predicted_clean(x, noise, alpha):
    """(x - sqrt(1 - abar) e) / sqrt(abar) (Song et al. 2021, equation 12)."""
    return (x - (1 - alpha) ** 0.5 * noise) / alpha**0.5


@torch.no_grad()
def invert(predict, x0, times, alphas):
    """Noisy latents of the source at `times` (descending): each is reached from the one below it with the noise predicted at the level it goes to."""
    noisy, x, below = {}, x0, 1.0
    for t in reversed(times):
        noise = predict(x, t)
        x, below = renoise(predicted_clean(x, noise, below), noise, alphas[t]), alphas[t]
        noisy[t] = x
    return noisy


@torch.no_grad()
def edit_along(unet, inputs, schedule, kind, strength=1.0):
    """(final x0, trace), as `reference_edit.edit`; `kind`: ddim-inversion, direct-inversion or sdedit. No region map acts. Changes the UNet's processors."""
    alphas, times = alphas_cumprod(schedule), lcm_timesteps(inputs.steps, schedule)
    times = times[round(len(times) * (1 - strength)) :]
    control = UnifiedController(*align_tokens(inputs.source_tokens, inputs.target_tokens, inputs.source.shape[1]), torch.zeros_like(inputs.mask))
    control.refine = control.replace_self = False
    single = lambda x, t: to_noise(schedule, plain(x, torch.tensor([t]), inputs.source).sample, x, alphas[t])
    plain = unet
    if kind == "sdedit":
        source = renoise(inputs.x0, draw(inputs.seed, 0, inputs.x0), alphas[times[0]])
    else:
        noisy = invert(single, inputs.x0, times, alphas)
        source = noisy[times[0]]
    unet.set_attn_processor(ReferenceProcessor(control))
    text = torch.cat([inputs.empty, inputs.empty, inputs.empty, inputs.source, inputs.target, inputs.source])
    target, trace = source, []
    for i, t in enumerate(times):
        progress = (i + 1) / len(times)
        if kind != "sdedit":
            control.refine, control.replace_self = progress <= inputs.cross, progress < inputs.self_
        rows = torch.cat([source, target, source, source, target, source])
        out = to_noise(schedule, unet(rows, torch.full((6,), t), text).sample, rows, alphas[t])
        e_source, e_target = (out[k : k + 1] + inputs.guidance * (out[k + 3 : k + 4] - out[k : k + 1]) for k in (0, 1))
        clean = predicted_clean(target, e_target, alphas[t])
        trace.append({"timestep": t, "progress": progress, "crossRefine": control.refine, "selfReplace": control.replace_self, "predicted": moments(clean)})
        if i + 1 < len(times):
            after = alphas[times[i + 1]]
            target = renoise(clean, e_target, after)
            source = renoise(predicted_clean(source, e_source, alphas[t]), e_source, after) if kind == "ddim-inversion" else source if kind == "sdedit" else noisy[times[i + 1]]
    return clean, trace
