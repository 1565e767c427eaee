"""What an edit left alone: PSNR, MSE, SSIM and a perceptual distance outside the region, in PIE-Bench's rules and in corrected ones.

Pictures are float32 [3, H, W] in 0..1; a region is bool [H, W], true where the edit may act.
"""

import torch
from torchmetrics.functional.image import structural_similarity_index_measure

RULES = ("pie", "exact")


def pie_border(region):
    """PIE-Bench counts the outermost pixels as edited."""
    region = region.clone()
    region[0], region[-1], region[:, 0], region[:, -1] = True, True, True, True
    return region


def outside_metrics(source, edited, region, rule="exact", distance=None):
    """{"psnr", "mse", "ssim", "perceptual"} of what lies outside `region`, or None when nothing does.

    "pie" (the published evaluator): both pictures are blackened inside the region, the border counts as edited, and means run over the
    whole picture, so a large region flatters. "exact": errors are averaged over the pixels outside alone; SSIM averages its map there.
    PSNR is in dB (infinite for equal pictures), MSE in squared 0..1 units; `distance(a, b)` takes pictures in -1..1 and may be None.
    """
    if rule not in RULES:
        raise ValueError(f"expected rule {' or '.join(RULES)}, got {rule}")
    region = pie_border(region) if rule == "pie" else region
    keep = ~region
    if not keep.any():
        return None
    a, b = source * keep, edited * keep
    squares = (a - b) ** 2
    mse = squares.mean() if rule == "pie" else squares.sum() / (3 * keep.sum())
    similarity, picture = structural_similarity_index_measure(a[None], b[None], data_range=1.0, return_full_image=True)
    ssim = similarity if rule == "pie" else picture[0].mean(0)[keep].mean()
    out = {"psnr": float(-10 * torch.log10(mse)), "mse": float(mse), "ssim": float(ssim)}
    if distance is not None:
        blank = lambda picture: torch.where(keep, picture * 2 - 1, -1.0)
        out["perceptual"] = float(distance(blank(source), blank(edited)))
    return out


def inside_distance(edited, truth, region):
    """Mean absolute difference to the true edit inside the region, 0..1; None for an empty region."""
    return float((edited - truth).abs().mean(0)[region].mean()) if region.any() else None


def changed_outside(source, edited, region):
    """Pixels outside the region of which any channel differs by more than half a step of 8 bits."""
    return int((((source - edited).abs() > 0.5 / 255).any(0) & ~region).sum())
