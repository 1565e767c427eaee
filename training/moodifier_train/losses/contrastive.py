"""InfoNCE between pictures and texts (CLIP, Radford et al. 2021, figure 3), with several positives where texts repeat."""

import torch
import torch.nn.functional as F


def info_nce(images, texts, scale, groups=None, label_smoothing=0.0):
    """Symmetric cross entropy over cosine similarities; chance level ln n.

    images, texts: [n, d]; scale: learnable logit scale (already exponentiated); groups: int64 [n], equal numbers mark texts
    that are word for word the same, so that a picture is not punished for matching its own text in another row; label_smoothing: the
    share of the target that is spread over all n (0.1 in Long-CLIP).
    """
    logits = scale * F.normalize(images, dim=-1) @ F.normalize(texts, dim=-1).T
    return cross_entropy_both_ways(logits, same_text_target(len(logits), groups, logits.device), label_smoothing)


def strongest_components(images, count):
    """Picture features [n, d], normalised and reduced to the `count` principal components of their batch (Long-CLIP, section 3.2).

    What a summary leaves out lies in the weak components. The components themselves pass no gradient. Raises ValueError unless n > count.
    """
    if len(images) <= count:
        raise ValueError(f"expected a batch of more than {count} pictures over all ranks (short_pca), got {len(images)}")
    images = F.normalize(images, dim=-1)
    mean = images.mean(0)
    with torch.no_grad():
        axes = torch.linalg.svd(images - mean, full_matrices=False).Vh[:count]
    return (images - mean) @ axes.T @ axes + mean


def same_text_target(count, groups=None, device=None):
    """Target distribution [n, n] of each row: the diagonal, or evenly all entries of the same group (int64 [n])."""
    groups = torch.arange(count, device=device) if groups is None else groups.to(device)
    target = (groups[:, None] == groups[None]).float()
    return target / target.sum(1, keepdim=True)


def cross_entropy_both_ways(logits, target, label_smoothing=0.0):
    """Mean of the cross entropies of rows and of columns; the target is symmetric."""
    return 0.5 * sum(F.cross_entropy(side, target, label_smoothing=label_smoothing) for side in (logits, logits.T))
