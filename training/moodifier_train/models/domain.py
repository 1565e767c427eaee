"""How far a picture lies from those a planner was trained on: Mahalanobis distance of its mean image token (after Lee et al. 2018)."""

import torch
from torch import nn

QUANTILE = 0.99  # share of held-out pictures that the threshold lets pass
RIDGE = 1e-3  # added to the covariance, as a share of its mean variance


class Domain(nn.Module):
    """image_tokens [B, N, D] -> distance [B], divided by sqrt(D): about 1 for the pictures it was fitted on. `threshold`: beyond it lies what is foreign."""

    def __init__(self, width):
        super().__init__()
        self.mean, self.whitening = nn.Parameter(torch.zeros(width), False), nn.Parameter(torch.eye(width), False)
        self.register_buffer("threshold", torch.tensor(0.0))

    def forward(self, image_tokens):
        return ((image_tokens.mean(1) - self.mean) @ self.whitening).square().mean(1).sqrt()


@torch.no_grad()
def fit_domain(known, held_out):
    """Domain of pictures with image tokens `known` [n, N, D]; the threshold passes QUANTILE of `held_out` [m, N, D]."""
    domain, means = Domain(known.shape[2]), known.mean(1)
    covariance = means.T.cov()
    values, vectors = torch.linalg.eigh(covariance + RIDGE * covariance.trace() / len(covariance) * torch.eye(len(covariance)))
    domain.mean.copy_(means.mean(0))
    domain.whitening.copy_(vectors / values.sqrt())
    domain.threshold.fill_(domain(held_out).quantile(QUANTILE))
    return domain
