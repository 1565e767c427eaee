"""InfoNCE between pictures and texts (CLIP, Radford et al. 2021, figure 3), with several positives where texts repeat."""

import torch
import torch.nn.functional as F


def info_nce(images, texts, scale, groups=None):
    """Symmetric cross entropy over cosine similarities; chance level ln n.

    images, texts: [n, d]; scale: learnable logit scale (already exponentiated); groups: int64 [n], equal numbers mark texts
    that are word for word the same, so that a picture is not punished for matching its own text in another row.
    """
    logits = scale * F.normalize(images, dim=-1) @ F.normalize(texts, dim=-1).T
    return cross_entropy_both_ways(logits, same_text_target(len(logits), groups, logits.device))


def same_text_target(count, groups=None, device=None):
    """Target distribution [n, n] of each row: the diagonal, or evenly all entries of the same group (int64 [n])."""
    groups = torch.arange(count, device=device) if groups is None else groups.to(device)
    target = (groups[:, None] == groups[None]).float()
    return target / target.sum(1, keepdim=True)


def cross_entropy_both_ways(logits, target):
    """Mean of the cross entropies of rows and of columns; the target is symmetric."""
    return 0.5 * (F.cross_entropy(logits, target) + F.cross_entropy(logits.T, target))
