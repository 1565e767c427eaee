"""Optimal transport between region features and stimuli of a batch (after OT-CLIP), by log-domain Sinkhorn (Cuturi 2013)."""

import math

import torch
import torch.nn.functional as F

from .contrastive import cross_entropy_both_ways, same_text_target

MODES = ("scaled", "literal", "nll")


def sinkhorn(cost, epsilon=0.05, iterations=20):
    """Transport plan [n, m] of the entropic problem with uniform marginals, float32, differentiable through its iterations.

    cost: [n, m]; epsilon: weight of the entropy. Columns sum to 1/m exactly, rows to 1/n within what `iterations` reach
    (error below 1e-3 by the defaults on cosine costs).
    """
    kernel = -cost.float() / epsilon
    rows, columns = (-math.log(n) for n in cost.shape)
    f, g = torch.zeros(cost.shape[0], device=cost.device), torch.zeros(cost.shape[1], device=cost.device)
    for _ in range(iterations):
        f = rows - torch.logsumexp(kernel + g[None], dim=1)
        g = columns - torch.logsumexp(kernel + f[:, None], dim=0)
    return (kernel + f[:, None] + g[None]).exp()


def transport_loss(regions, stimuli, scale, mode="scaled", epsilon=0.05, iterations=20, groups=None):
    """How far the transport of regions to stimuli is from pairing each with its own; chance level ln n for every mode.

    regions, stimuli: [n, d]; cost = 1 - cosine. Modes: "scaled" weighs the logits of InfoNCE by n times the plan (detached); "literal" is
    the published cross entropy of plan times similarity, whose logits are at most 1/n, so that it stays at ln n whatever the features
    are; "nll" is the negative log likelihood of the diagonal, differentiated through the plan.
    Equal `groups` (int64 [n]) mark equal stimuli, any of which is right. Raises ValueError for an unknown mode.
    """
    if mode not in MODES:
        raise ValueError(f"expected mode {', '.join(MODES)}, got {mode}")
    similarity = F.normalize(regions.float(), dim=-1) @ F.normalize(stimuli.float(), dim=-1).T
    n = len(similarity)
    target = same_text_target(n, groups, similarity.device)
    if mode == "nll":
        plan = sinkhorn(1 - similarity, epsilon, iterations)
        return -((n * plan).clamp_min(1e-12).log() * target).sum(1).mean()
    with torch.no_grad():
        plan = sinkhorn(1 - similarity, epsilon, iterations)
    logits = plan * similarity if mode == "literal" else scale * n * plan * similarity
    return cross_entropy_both_ways(logits, target)
