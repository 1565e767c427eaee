"""The edit's attention as the papers write it: every map materialised, row by row. Slow on purpose; what the graph is checked against.

Nothing here is shared with attention.py.
"""

import math

import torch
from torch.nn import functional as F


def attention_maps(q, k):
    """softmax(Q K^T / sqrt d): [heads, P, K]."""
    return torch.softmax(torch.einsum("hpd,hkd->hpk", q, k) / math.sqrt(q.shape[-1]), dim=-1)


class ReferenceProcessor:
    """Runs a controller in place of plain attention: it gets per-row Q, K, V ([heads, P, d] lists) and gives per-row outputs."""

    def __init__(self, controller):
        self.controller = controller

    def __call__(self, attn, hidden_states, encoder_hidden_states=None, attention_mask=None, **_):
        context = hidden_states if encoder_hidden_states is None else encoder_hidden_states
        rows = hidden_states.shape[0]
        parts = [[self.heads(projected[b], attn.heads) for b in range(rows)] for projected in (attn.to_q(hidden_states), attn.to_k(context), attn.to_v(context))]
        run = self.controller.self_attention if encoder_hidden_states is None else self.controller.cross_attention
        outputs = run(*parts)
        joined = torch.stack([out.permute(1, 0, 2).reshape(out.shape[1], -1) for out in outputs])
        return attn.to_out[1](attn.to_out[0](joined))

    @staticmethod
    def heads(x, count):
        return torch.stack(x.chunk(count, dim=-1))


class PlainController:
    """No control."""

    def self_attention(self, q, k, v):
        return [attention_maps(a, b) @ c for a, b, c in zip(q, k, v)]

    def cross_attention(self, q, k, v):
        return [attention_maps(a, b) @ c for a, b, c in zip(q, k, v)]


class UnifiedController(PlainController):
    """InfEdit's unified attention control with Moodifier's region (Xu et al. 2024; Moodifier equations 6 and 7).

    Rows: [s_u, g_u, m_u, s_c, g_c, m_c] (source, target, mutual; unconditional, conditional).
    mapper, alpha: lists over target tokens; mask: float [1, 1, h, w].
    """

    def __init__(self, mapper, alpha, mask):
        self.mapper, self.alpha, self.mask = list(map(int, mapper)), list(map(float, alpha)), mask
        self.refine = self.replace_self = False

    def self_attention(self, q, k, v):
        out = []
        for source, target, mutual in ((0, 1, 2), (3, 4, 5)):
            source_map = attention_maps(q[source], k[source])
            source_out = source_map @ v[source]
            if self.replace_self:
                out += [source_out, source_map @ v[target], source_out]
            else:
                out += [source_out, attention_maps(q[target], k[target]) @ v[target], attention_maps(q[target], k[source]) @ v[source]]
        return out

    def cross_attention(self, q, k, v):
        maps = [attention_maps(a, b) for a, b in zip(q, k)]
        if self.refine:
            mapped = self.refined(maps[3], maps[4])
            inside = self.inside(mapped.shape[1])
            maps[4] = inside * maps[4] + (1 - inside) * mapped
        return [m @ c for m, c in zip(maps, v)]

    def refined(self, source, target):
        columns = [a * source[:, :, i] + (1 - a) * target[:, :, j] for j, (i, a) in enumerate(zip(self.mapper, self.alpha))]
        return torch.stack(columns, dim=-1)

    def inside(self, pixels):
        """The mask's area average at the layer's resolution, [1, P, 1]."""
        height, width = self.mask.shape[-2:]
        while height * width > pixels:
            height, width = math.ceil(height / 2), math.ceil(width / 2)
        return F.adaptive_avg_pool2d(self.mask, (height, width)).reshape(1, -1, 1)
