"""Attention control inside the denoiser: the attention processors that a controlled UNet runs with.

All control is a choice among the rows of one batch at one step, so indices, a token map and a gate say it completely:
prompt-to-prompt (Hertz et al. 2022), MasaCtrl (Cao et al. 2023), Plug-and-Play (Tumanyan et al. 2023), InfEdit (Xu et al. 2024).
"""

from dataclasses import dataclass

import torch
from torch.nn import functional as F


@dataclass
class Controls:
    """One step's control of a batch of B rows; names, shapes and identity values as in the denoiser graph."""

    self_q: torch.Tensor  # int64 [layers, B]
    self_k: torch.Tensor
    self_v: torch.Tensor
    cross_source: torch.Tensor  # int64 [B]
    cross_map: torch.Tensor  # [B, L, L], column j maps source tokens onto target token j
    cross_keep: torch.Tensor  # [B, L], weight of the row's own map
    cross_gate: torch.Tensor  # [B], 0 own map .. 1 mapped map
    region: torch.Tensor  # [B, 1, h, w], inside it the own map stays
    feature_source: torch.Tensor  # int64 [B]

    @staticmethod
    def names():
        return list(Controls.__dataclass_fields__)

    @classmethod
    def identity(cls, layers, batch, length, height, width):
        """Controls that leave the plain UNet as it is."""
        rows = lambda: torch.arange(batch)
        every = lambda: torch.arange(batch).repeat(layers, 1)
        eye = torch.eye(length).repeat(batch, 1, 1)
        return cls(every(), every(), every(), rows(), eye, torch.zeros(batch, length), torch.zeros(batch), torch.zeros(batch, 1, height, width), rows())

    def values(self):
        return [getattr(self, name) for name in self.names()]


def split_heads(x, heads):
    return x.unflatten(2, (heads, -1)).transpose(1, 2)


class FusedAttention(torch.autograd.Function):
    """softmax(Q K^T / sqrt d) V of [B, P, heads d] tensors; exported as ONNX Runtime's MultiHeadAttention, which never holds the whole map.

    At 512 px a map of Stable Diffusion's first layers is 537 MB a row.
    """

    @staticmethod
    def forward(ctx, q, k, v, heads):
        return plain_attention(q, k, v, heads)

    @staticmethod
    def symbolic(graph, q, k, v, heads):
        return graph.op("com.microsoft::MultiHeadAttention", q, k, v, num_heads_i=heads).setType(q.type())


def plain_attention(q, k, v, heads):
    q, k, v = (split_heads(x, heads) for x in (q, k, v))
    weights = (q * q.shape[-1] ** -0.5 @ k.transpose(-1, -2)).softmax(-1)
    return (weights @ v).transpose(1, 2).flatten(2)


class SelfProcessor:
    """Self-attention of one layer: Q, K and V are gathered over the batch, then a plain attention follows."""

    def __init__(self, state, layer):
        self.state, self.layer = state, layer
        self.attend = FusedAttention.apply if state.fused else plain_attention

    def __call__(self, attn, hidden_states, encoder_hidden_states=None, attention_mask=None, **_):
        controls = self.state.controls
        q = attn.to_q(hidden_states).index_select(0, controls.self_q[self.layer])
        k = attn.to_k(hidden_states).index_select(0, controls.self_k[self.layer])
        v = attn.to_v(hidden_states).index_select(0, controls.self_v[self.layer])
        return attn.to_out[0](self.attend(q, k, v, attn.heads))


class CrossProcessor:
    """Cross-attention of one layer at resolution `level` (0 = the latent's own).

    A' = A + g (A_src R + A diag(keep) - A), g = gate (1 - region) per pixel. R and keep act on the token axis, so they are
    applied to V (L x d) and not to the maps (P x L): same value, less work, and with g = 0 exactly the plain attention.
    """

    def __init__(self, state, level):
        self.state, self.level = state, level

    def __call__(self, attn, hidden_states, encoder_hidden_states=None, attention_mask=None, **_):
        controls = self.state.controls
        q, k, v = attn.to_q(hidden_states), attn.to_k(encoder_hidden_states), attn.to_v(encoder_hidden_states)
        q, k, v = (split_heads(x, attn.heads) for x in (q, k, v))
        weights = (q * q.shape[-1] ** -0.5 @ k.transpose(-1, -2)).softmax(-1)
        if self.level == self.state.lowest:
            self.state.maps.append(weights.mean(1))
        mapped = weights.index_select(0, controls.cross_source) @ (controls.cross_map.unsqueeze(1) @ v)
        change = mapped + weights @ ((controls.cross_keep - 1)[:, None, :, None] * v)
        out = weights @ v + self.state.gates[self.level] * change
        return attn.to_out[0](out.transpose(1, 2).flatten(2))


def gate_levels(controls, levels):
    """Per level the gate of every pixel, [B, 1, P, 1]: cross_gate outside the region, 0 inside it.

    The region is area-averaged; each halving rounds odd sizes up exactly as the UNet's stride-2 convolutions do.
    """
    region, gates = controls.region, []
    for level in range(levels):
        if level:
            region = F.avg_pool2d(region, 2, ceil_mode=True, count_include_pad=False)
        open_share = 1 - region.flatten(2).transpose(1, 2).unsqueeze(1)
        gates.append(controls.cross_gate[:, None, None, None] * open_share)
    return gates


def attention_modules(unet):
    """[(name, module, level)] of all attn1 and attn2 in execution order; pairs (attn1, attn2) make one transformer layer."""
    blocks = [(f"down_blocks.{i}.", block, i) for i, block in enumerate(unet.down_blocks)]
    top = len(unet.down_blocks) - 1
    blocks += [("mid_block.", unet.mid_block, top)] if unet.mid_block is not None else []
    blocks += [(f"up_blocks.{i}.", block, top - i) for i, block in enumerate(unet.up_blocks)]
    return [(prefix + name, module, level) for prefix, block, level in blocks for name, module in block.named_modules() if name.endswith((".attn1", ".attn2"))]


def check_plain(name, attn):
    """Refuse attention variants whose extra steps the processors above do not do."""
    odd = [key for key in ("group_norm", "spatial_norm", "norm_cross", "norm_q", "norm_k", "added_kv_proj_dim") if getattr(attn, key, None)]
    if odd or attn.residual_connection or attn.rescale_output_factor != 1:
        raise ValueError(f"{name}: expected the plain attention of SD-shaped UNets, found {odd or 'a residual or rescaled output'}")
