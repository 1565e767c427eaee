"""Losses and measures of binary masks given as logits [B, 1, H, W]."""

import torch.nn.functional as F


def mask_losses(logits, target):
    """Binary cross entropy and soft dice (1 - 2 |A and B| / (|A| + |B|), smoothed by one pixel)."""
    chance = logits.sigmoid()
    overlap, area = (chance * target).sum((1, 2, 3)), (chance + target).sum((1, 2, 3))
    return {"entropy_loss": F.binary_cross_entropy_with_logits(logits, target), "dice_loss": (1 - (2 * overlap + 1) / (area + 1)).mean()}


def mask_iou(logits, target):
    """Intersection over union per picture at the threshold 0.5; 1 where both are empty."""
    found, wanted = logits > 0, target > 0.5
    union = (found | wanted).sum((1, 2, 3))
    return (found & wanted).sum((1, 2, 3)).float().div(union.clamp(min=1)).where(union > 0, union.new_ones(()).float())
