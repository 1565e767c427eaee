"""InfoNCE between pictures and texts (CLIP, Radford et al. 2021, figure 3), with several positives where texts repeat."""

import torch
import torch.nn.functional as F


def info_nce(images, texts, scale, groups=None):
    """Symmetric cross entropy over cosine similarities.

    images, texts: [n, d]; scale: learnable logit scale (already exponentiated); groups: int64 [n], equal numbers mark texts
    that are word for word the same, so that a picture is not punished for matching its own text in another row.
    """
    logits = scale * F.normalize(images, dim=-1) @ F.normalize(texts, dim=-1).T
    groups = torch.arange(len(logits)) if groups is None else groups
    target = (groups[:, None] == groups[None]).float()
    target = target / target.sum(1, keepdim=True)
    return 0.5 * (F.cross_entropy(logits, target) + F.cross_entropy(logits.T, target))
