"""A convolutional look at the whole picture, beside a vision transformer that sees it at half the size.

Mouths and brows are a few pixels of the picture that a CLIP tower sees. As in LLaVA-HR (Luo et al. 2024) and Mini-Gemini (Li et al. 2024), a
cheap convolutional tower looks at more pixels, and what it finds is added to the states of the patches.
"""

import torch
from torch import nn

STEM = 4  # pixels per cell of the first stage, along one side


class DetailTower(nn.Module):
    """pixels [B, 3, S, S] -> states [B, N, width] of N = (S / (4 * 2^(stages - 1)))^2 patches, row by row; `channels`: those of each stage."""

    def __init__(self, channels, width):
        super().__init__()
        self.channels = list(channels)
        self.stem = nn.Conv2d(3, channels[0], STEM, STEM)
        stages = [Residual(channels[0])]
        for before, after in zip(channels, channels[1:]):
            stages += [nn.Conv2d(before, after, 3, 2, 1), Residual(after)]
        self.stages = nn.Sequential(*stages)
        self.out = nn.Linear(channels[-1], width)

    def forward(self, pixels):
        return self.out(self.stages(self.stem(pixels)).flatten(2).transpose(1, 2))

    def patch(self):
        """Pixels per patch along one side."""
        return STEM * 2 ** (len(self.channels) - 1)


class Residual(nn.Module):
    """x + scale * conv(relu(conv(relu(x)))): no normalisation, which a branch that starts small does not need (SkipInit, De & Smith 2020)."""

    def __init__(self, channels, start=0.2):
        super().__init__()
        self.first, self.second = nn.Conv2d(channels, channels, 3, padding=1), nn.Conv2d(channels, channels, 3, padding=1)
        self.scale = nn.Parameter(torch.full((channels, 1, 1), start))

    def forward(self, x):
        return x + self.scale * self.second(self.first(x.relu()).relu())
