"""A quick eager edit of val pairs, to look at while the denoiser trains: DDCM with eta = 1 and prompt-to-prompt refinement.

The edit of record is services/diffusion; this one exists so that training needs nothing but Python.
"""

import numpy as np
import torch
from PIL import Image

from ..losses.diffusion import dilate, noise_of_velocity
from .clip import to_pixels


class Controlled:
    """Attention of five rows [source uncond, source, target uncond, target, mutual] under the control of one step."""

    def __init__(self):
        self.self_rows, self.gate, self.map, self.keep, self.region = None, 0.0, None, None, None

    def __call__(self, attn, x, encoder_hidden_states=None, attention_mask=None, **_):
        context = x if encoder_hidden_states is None else encoder_hidden_states
        q, k, v = attn.to_q(x), attn.to_k(context), attn.to_v(context)
        if encoder_hidden_states is None:
            q, k, v = (states[rows] for states, rows in zip((q, k, v), self.self_rows))
        q, k, v = (states.unflatten(2, (attn.heads, -1)).transpose(1, 2) for states in (q, k, v))
        weights = ((q * attn.scale) @ k.transpose(-1, -2)).softmax(-1)
        if encoder_hidden_states is not None and self.gate:
            side = int(x.shape[1] ** 0.5)
            inside = torch.nn.functional.interpolate(self.region, size=(side, side), mode="area").view(1, -1, 1)
            gate = self.gate * (1 - inside)
            mapped = weights[1] @ self.map + weights[3] * self.keep
            weights = torch.cat([weights[:3], (gate * mapped + (1 - gate) * weights[3])[None], weights[4:]])
        return attn.to_out[0]((weights @ v).transpose(1, 2).flatten(2))


def align(source, target, length):
    """Needleman-Wunsch over token ids (gap 0, match 1, mismatch -1; ties: left, up, diagonal), padding onto itself.

    Returns map float [length, length], whose column j takes target token j from source tokens, and keep float [length],
    1 where target token j has no equal source token and keeps its own map.
    """
    n, m = len(source), len(target)
    score, move = np.zeros((n + 1, m + 1)), np.zeros((n + 1, m + 1), int)
    move[0, 1:], move[1:, 0] = 0, 1
    for i in range(1, n + 1):
        for j in range(1, m + 1):
            options = [score[i, j - 1], score[i - 1, j], score[i - 1, j - 1] + (1 if source[i - 1] == target[j - 1] else -1)]
            move[i, j] = int(np.argmax(options))
            score[i, j] = options[move[i, j]]
    mapping, keep = torch.zeros(length, length), torch.zeros(length)
    for j in range(m, length):
        mapping[j, j] = 1
    i, j = n, m
    while i or j:
        if move[i, j] == 2 and source[i - 1] == target[j - 1]:
            mapping[i - 1, j - 1] = 1
        elif move[i, j] != 1:
            keep[j - 1] = 1
        i, j = (i - 1, j - 1) if move[i, j] == 2 else (i, j - 1) if move[i, j] == 0 else (i - 1, j)
    return mapping, keep


def timesteps(count, original=50, total=1000):
    """`count` timesteps, descending, out of the `original` grid that LCM samplers use."""
    grid = (np.arange(1, original + 1) * (total // original) - 1)[::-1]
    return grid[np.floor(np.linspace(0, original, count, endpoint=False)).astype(int)]


@torch.no_grad()
def edit(model, control, alphas, clean, text, aligned, mask, steps, guidance, cross, self_, seed=0):
    """Edited latent [1, 4, h, w] from the scaled latent `clean`; text: states of (empty, source, target) [3, L, width]."""
    draw = torch.Generator().manual_seed(seed)
    noise = lambda: torch.randn(clean.shape, generator=draw)
    control.map, control.keep, control.region = *aligned, mask
    source = target = mutual = noise()
    grid = timesteps(steps)
    for i, t in enumerate(grid):
        p, a = (i + 1) / steps, alphas[t]
        early = p < self_
        control.self_rows = [[0, 1, 0, 1, 1], [0, 1, 0, 1, 1], [0, 1, 2, 3, 1]] if early else [[0, 1, 2, 3, 3], [0, 1, 2, 3, 1], [0, 1, 2, 3, 1]]
        control.gate = 1.0 if p <= cross else 0.0
        rows = torch.cat([source, source, target, target, mutual])
        now = torch.full((5,), int(t))
        out = noise_of_velocity(model(rows, now, text[[0, 1, 0, 2, 1]]).sample, rows, now, alphas)
        e_source, e_target, e_mutual = out[1:2], out[2:3] + guidance * (out[3:4] - out[2:3]), out[4:5]
        predict = lambda x, e: clean + ((x - source) - (1 - a).sqrt() * (e - e_source)) / a.sqrt()
        target_clean = torch.where(mask > 0, predict(target, e_target).clamp(-5, 5), clean)
        mutual_clean = predict(mutual, e_mutual).clamp(-5, 5)
        if i + 1 < steps:
            b, z = alphas[grid[i + 1]], noise()
            target, mutual, source = (b.sqrt() * x + (1 - b).sqrt() * z for x in (target_clean, mutual_clean, clean))
    return target_clean


def draw_sheet(task, path, rows):
    """Write the PNG; rows come from the first `rows` val pairs with different emotions."""
    settings, world, control, plain = task.config["sheet"], task.world, Controlled(), dict(task.unet.attn_processors)
    task.model.eval()
    task.unet.set_attn_processor(control)
    first = world.val[world.val < world.pair[world.val]]
    lines = []
    for k in first[:: max(1, len(first) // rows)][:rows]:
        partner = world.pair[k]
        clean = torch.from_numpy(task.latents[k : k + 1]).float() * task.scale
        mask = dilate(torch.from_numpy(task.regions[[k]] | task.regions[[partner]]).float()[:, None])
        length = int(task.bucket[[k, partner]].max())
        text = torch.stack([task.empty[:length], *(torch.from_numpy(task.states[task.row[i], :length]).float() for i in (k, partner))])
        with torch.no_grad():
            text = task.model.states(text)
        ids = task.tokenizer([world.records[i]["caption"] for i in (k, partner)])["input_ids"]
        aligned = align(ids[0], ids[1], length)
        edited = [edit(task.unet, control, task.alphas, clean, text, aligned, mask, n, settings["guidance"], settings["cross"], settings["self"]) for n in settings["steps"]]
        with torch.no_grad():
            pictures = [task.vae.decode(x / task.scale) for x in (clean, *edited)]
        lines.append(torch.cat([to_pixels(world.images[[k]]), *pictures, to_pixels(world.images[[partner]])], 3))
        print(f"{world.records[k]['style']}: {world.records[k]['emotion']} -> {world.records[partner]['emotion']}", flush=True)
    pixels = torch.cat(lines, 2)[0].clamp(-1, 1).add(1).mul(127.5).round().byte().permute(1, 2, 0).numpy()
    Image.fromarray(pixels).save(path)
    task.unet.set_attn_processor(plain)
    print(f"wrote {path}: source | reconstruction | {' | '.join(f'{n} steps' for n in settings['steps'])} | true edit", flush=True)
