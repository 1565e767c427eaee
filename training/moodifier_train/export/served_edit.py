"""The edit as the services run it: pruned rows through the exported denoiser in ONNX Runtime. Compared with reference_edit.

Rows are [s_u, s_c, g_u, g_c] while self-attention is replaced (g_u then reads s_u) and [s_c, g_u, g_c] afterwards. The mutual
branch reaches no output unless its maps are blended in, so it is left out.
"""

import numpy as np

from .align import align_tokens
from .attention import Controls
from .random import gaussian_noise
from .reference_edit import predict_x0, renoise
from .schedule import alphas_cumprod, lcm_timesteps, to_noise

EARLY = {"rows": "sstt", "text": "usut", "reads": [0, 1, 0, 1], "source": 1, "empty": 2, "target": 3}
LATE = {"rows": "stt", "text": "sut", "reads": [0, 1, 2], "source": 0, "empty": 1, "target": 2}


def step_controls(plan, layers, inputs, refine):
    """Controls of one step's rows; all rows but the conditional target's are left alone."""
    rows, length, target = len(plan["rows"]), inputs.source.shape[1], plan["target"]
    controls = Controls.identity(layers, rows, length, *inputs.mask.shape[-2:])
    for index in (controls.self_q, controls.self_k):
        index[:] = index.new_tensor(plan["reads"])
    mapper, alpha = align_tokens(inputs.source_tokens, inputs.target_tokens, length)
    controls.cross_source[target] = plan["source"]
    controls.cross_map[target] = 0
    for j, i in enumerate(mapper):
        if i >= 0:
            controls.cross_map[target, i, j] = 1
    controls.cross_keep[target], controls.region[target] = controls.cross_keep.new_tensor(1 - alpha), inputs.mask[0]
    controls.cross_gate[target] = float(refine)
    return controls


def served_edit(session, layers, inputs, schedule):
    """(final x0 [1, 4, h, w] float32, [target latent after each step]); `inputs` is an EditInputs."""
    x0, mask, alphas, times = inputs.x0.numpy(), inputs.mask.numpy(), alphas_cumprod(schedule), lcm_timesteps(inputs.steps, schedule)
    texts = {"u": inputs.empty.numpy(), "s": inputs.source.numpy(), "t": inputs.target.numpy()}
    latents, targets = dict.fromkeys("st", gaussian_noise(inputs.seed, 0, x0.shape)), []
    for i, t in enumerate(times):
        progress = (i + 1) / inputs.steps
        plan = EARLY if progress < inputs.self_ else LATE
        controls = step_controls(plan, layers, inputs, progress <= inputs.cross)
        feeds = {"sample": np.concatenate([latents[r] for r in plan["rows"]]), "timestep": np.full(len(plan["rows"]), t), "text": np.concatenate([texts[r] for r in plan["text"]])}
        (output,) = session.run(["noise"], feeds | {name: value.numpy() for name, value in zip(Controls.names(), controls.values())})
        noise = to_noise(schedule, output, feeds["sample"], alphas[t]).astype(np.float32)
        source, empty, target = (noise[[plan[row]]] for row in ("source", "empty", "target"))
        clean = predict_x0(x0, latents["t"], latents["s"], empty + inputs.guidance * (target - empty), source, alphas[t])
        if i + 1 < len(times):
            z, alpha = gaussian_noise(inputs.seed, 1 + i, x0.shape), alphas[times[i + 1]]
            latents = {"s": renoise(x0, z, alpha).astype(np.float32), "t": renoise(clean, z, alpha).astype(np.float32)}
            latents["t"] = mask * latents["t"] + (1 - mask) * latents["s"]
        else:
            latents["t"] = (mask * clean + (1 - mask) * x0).astype(np.float32)
        targets.append(latents["t"])
    return latents["t"], targets
