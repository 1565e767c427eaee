"""The denoiser: a small diffusers UNet2DConditionModel, its noise schedule, and plain attention for training and editing."""

import json
from pathlib import Path

import torch
from torch import nn
from diffusers import UNet2DConditionModel


def make_unet(channels, heads=4, cross_width=256, groups=16, layers=1):
    """SD-shaped UNet over 4-channel latents: no attention at full resolution, self and cross attention below it."""
    blocks = len(channels) - 1
    return UNet2DConditionModel(
        sample_size=32, in_channels=4, out_channels=4, block_out_channels=tuple(channels), layers_per_block=layers, norm_num_groups=groups,
        down_block_types=("DownBlock2D",) + ("CrossAttnDownBlock2D",) * blocks, up_block_types=("CrossAttnUpBlock2D",) * blocks + ("UpBlock2D",),
        cross_attention_dim=cross_width, attention_head_dim=heads,
    )  # fmt: skip


def alphas_cumprod(steps=1000, start=0.00085, end=0.012):
    """Stable Diffusion's "scaled_linear" schedule: float32 [steps], the cumulative product of 1 - beta."""
    return (1 - torch.linspace(start**0.5, end**0.5, steps, dtype=torch.float64) ** 2).cumprod(0).float()


class PlainAttention:
    """Softmax attention written out; on CPU its backward pass beats the fused kernel at these sizes."""

    def __call__(self, attn, x, encoder_hidden_states=None, attention_mask=None, **_):
        context = x if encoder_hidden_states is None else encoder_hidden_states
        q, k, v = (layer(states).unflatten(2, (attn.heads, -1)).transpose(1, 2) for layer, states in ((attn.to_q, x), (attn.to_k, context), (attn.to_v, context)))
        weights = ((q * attn.scale) @ k.transpose(-1, -2)).softmax(-1)
        return attn.to_out[0]((weights @ v).transpose(1, 2).flatten(2))


class TextDenoiser(nn.Module):
    """The UNet behind the last layers of the text tower, so that both learn from pictures; the tower's lower layers stay as they are.

    forward(sample [B, 4, h, w], timestep [B], lower [T, L, width]) -> the UNet's output; `lower` are the tower's states before those layers,
    and row i of the batch reads text i modulo T. With `layers` 0 the whole tower stays as it is and `lower` are its final states.
    """

    def __init__(self, unet, tower, layers):
        super().__init__()
        text = getattr(tower, "text_model", tower)
        self.unet = unet
        self.head = nn.ModuleList(text.encoder.layers[len(text.encoder.layers) - layers :]).requires_grad_(True)
        self.norm = text.final_layer_norm.requires_grad_(layers > 0)
        self.frozen = layers == 0

    def states(self, lower):
        """The tower's final token states [T, L, width]."""
        if self.frozen:
            return lower
        length = lower.shape[1]
        causal = torch.full((length, length), torch.finfo(lower.dtype).min).triu(1)[None, None]
        for layer in self.head:
            lower = layer(lower, causal)
        return self.norm(lower)

    def forward(self, sample, timestep, lower):
        text = self.states(lower)
        return self.unet(sample, timestep, text.repeat(len(sample) // len(text), 1, 1)).sample


def save_unet(model, folder, latents):
    """diffusers folder plus latents.json: {scaling_factor, vae, data_digest}."""
    model.save_pretrained(folder)
    (Path(folder) / "latents.json").write_text(json.dumps(latents, indent=2) + "\n")
