"""Fine-grained alignment of stimuli with the patches that show them (SPARC, Bica et al. 2024, with the paper's normalisation)."""

import math

import torch
import torch.nn.functional as F

from .contrastive import cross_entropy_both_ways, same_text_target


def region_features(stimuli, patches, weights="sparc", norm_axis="stimuli", temperature=0.07):
    """What the patches say about each stimulus: [B, K, d], L2-normalised.

    stimuli: [B, K, d]; patches: [B, M, d]; both are normalised here. `weights` turns the similarities of a stimulus to the patches into
    positive numbers: "sparc" scales them to 0..1 over the patches and drops those below 1/M, "softmax" divides by `temperature` first.
    `norm_axis` "stimuli" (the paper) shares each patch out among the stimuli, so that a patch that all of them claim counts 1/K and an
    exclusive one 1; "patches" (SPARC) makes the weights of one stimulus sum to 1.
    Raises ValueError for an unknown option.
    """
    if weights not in ("sparc", "softmax") or norm_axis not in ("stimuli", "patches"):
        raise ValueError(f"expected weights sparc or softmax and norm_axis stimuli or patches, got {weights} and {norm_axis}")
    stimuli, patches = F.normalize(stimuli.float(), dim=-1), F.normalize(patches.float(), dim=-1)
    similarity = stimuli @ patches.transpose(1, 2)
    if weights == "softmax":
        positive = (similarity / temperature).softmax(-1)
    else:
        low, high = similarity.amin(-1, keepdim=True), similarity.amax(-1, keepdim=True)
        scaled = (similarity - low) / (high - low + 1e-6)
        positive = torch.where(scaled < 1 / patches.shape[1], 0.0, scaled)
    shares = positive / (positive.sum(1 if norm_axis == "stimuli" else 2, keepdim=True) + 1e-6)
    return F.normalize(shares @ patches, dim=-1)


def fine_grained_loss(regions, stimuli, scale, negatives="image", groups=None):
    """Symmetric InfoNCE between region features and their stimuli.

    regions, stimuli: [B, K, d]; scale: exponentiated logit scale. `negatives` "image": the other stimuli of the same picture, chance level
    ln K; "batch": those of all pictures, chance level ln(B K), where stimuli of equal `groups` (int64 [B, K]) are all positive.
    """
    regions, stimuli = F.normalize(regions.float(), dim=-1), F.normalize(stimuli.float(), dim=-1)
    count, parts, width = stimuli.shape
    if negatives == "batch":
        logits = scale * regions.reshape(-1, width) @ stimuli.reshape(-1, width).T
        return cross_entropy_both_ways(logits, same_text_target(count * parts, None if groups is None else groups.reshape(-1), logits.device))
    if negatives != "image":
        raise ValueError(f"expected negatives image or batch, got {negatives}")
    logits = scale * regions @ stimuli.transpose(1, 2)
    target = torch.arange(parts, device=logits.device).expand(count, parts).reshape(-1)
    rows, columns = logits.reshape(-1, parts), logits.transpose(1, 2).reshape(-1, parts)
    return 0.5 * (F.cross_entropy(rows, target) + F.cross_entropy(columns, target))


def chance_level(batch, parts, negatives="image"):
    """The loss of a model that knows nothing."""
    return math.log(parts if negatives == "image" else batch * parts)
