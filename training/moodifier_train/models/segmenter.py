"""Promptable mask network: a small U-Net over the picture, a box and points drawn as planes, and a part label."""

import json
from pathlib import Path

import torch
from torch import nn
from torch.nn import functional as F


class _Block(nn.Module):
    def __init__(self, inner, outer):
        super().__init__()
        self.layers = nn.Sequential(nn.Conv2d(inner, outer, 3, padding=1), nn.GroupNorm(4, outer), nn.SiLU(), nn.Conv2d(outer, outer, 3, padding=1), nn.GroupNorm(4, outer), nn.SiLU())

    def forward(self, x):
        return self.layers(x)


class Segmenter(nn.Module):
    """pixels [B, 3, S, S] in -1..1, prompt [B, 2, S, S] (filled box; gaussian points), label int64 [B] (0 = none) -> logits [B, 1, S, S].

    `fold` x `fold` pixels are one cell of the finest grid: 2 costs a quarter of 1 and still says something of every pixel.
    """

    def __init__(self, channels=(16, 32, 48, 64), labels=5, fold=1):
        super().__init__()
        self.config = {"channels": list(channels), "labels": labels, "fold": fold}
        self.fold = fold
        self.down = nn.ModuleList(_Block(a, b) for a, b in zip((5 * fold**2, *channels[:-1]), channels))
        self.up = nn.ModuleList(_Block(a + b, b) for a, b in zip(channels[:0:-1], channels[-2::-1]))
        self.label = nn.Embedding(labels, channels[-1])
        self.out = nn.Conv2d(channels[0], fold**2, 1)

    def forward(self, pixels, prompt, label):
        x, skips = torch.cat([pixels, prompt], dim=1), []
        # A fold of 1 adds nothing to the graph, so that families of before are restored by their graphs.
        x = F.pixel_unshuffle(x, self.fold) if self.fold > 1 else x
        for i, block in enumerate(self.down):
            x = block(F.avg_pool2d(x, 2) if i else x)
            skips.append(x)
        x = x + self.label(label)[:, :, None, None]
        for block, skip in zip(self.up, skips[-2::-1]):
            x = block(torch.cat([F.interpolate(x, scale_factor=2.0, mode="nearest"), skip], dim=1))
        x = self.out(x)
        return F.pixel_shuffle(x, self.fold) if self.fold > 1 else x

    def save_pretrained(self, folder):
        folder = Path(folder)
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "config.json").write_text(json.dumps(self.config) + "\n")
        torch.save(self.state_dict(), folder / "weights.pt")

    @classmethod
    def from_pretrained(cls, folder):
        folder = Path(folder)
        model = cls(**json.loads((folder / "config.json").read_text()))
        model.load_state_dict(torch.load(folder / "weights.pt", map_location="cpu", weights_only=True))
        return model
