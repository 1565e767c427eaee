"""A SAM-style segmenter behind the graph role `segmenter`: picture, drawn prompt and a label that it does not know -> mask logits."""

import json
from pathlib import Path

import torch
from torch import nn
from torch.nn import functional as F
from transformers import SamModel

from .refusal import expect

MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)


class SamSegmenter(nn.Module):
    """pixel_values [1, 3, S, S] in -1..1, prompt [1, 2, S, S] (filled box; gaussian points), label int64 [1] -> logits [1, 1, S, S].

    The box is read back from its drawing; without one the brightest point prompts. Of SAM's three masks the one that it rates best is taken.
    """

    def __init__(self, sam):
        super().__init__()
        self.sam, self.size = sam, sam.config.vision_config.image_size
        self.register_buffer("mean", torch.tensor(MEAN).view(1, 3, 1, 1))
        self.register_buffer("std", torch.tensor(STD).view(1, 3, 1, 1))

    def forward(self, pixel_values, prompt, label):
        pixels = ((pixel_values + 1) / 2 - self.mean) / self.std
        out = self.sam(pixel_values=pixels, input_boxes=self.read_box(prompt).view(1, 1, 4), multimask_output=True)
        best = out.iou_scores[0, 0].argmax()
        low = out.pred_masks[0, 0].index_select(0, best.view(1)).unsqueeze(0)
        return F.interpolate(low, size=(self.size, self.size), mode="bilinear", align_corners=False) + 0 * label.float().view(1, 1, 1, 1)

    def read_box(self, prompt):
        """[x0, y0, x1, y1] in pixels: the drawn box, or what lies within two sigma of a point."""
        drawn = torch.maximum(prompt[0, 0], (prompt[0, 1] > 0.135).float()) > 0.5
        columns, rows = drawn.any(0).float(), drawn.any(1).float()
        ends = lambda line: (line.argmax(), self.size - line.flip(0).argmax())
        (x0, x1), (y0, y1) = ends(columns), ends(rows)
        return torch.stack([x0, y0, x1, y1]).float()


def read_segmenter(folder):
    """A transformers SamModel folder (sam-vit-base and kin)."""
    folder = Path(folder)
    expect("--segmenter model_type", "sam", json.loads((folder / "config.json").read_text()).get("model_type"))
    return SamSegmenter(SamModel.from_pretrained(folder, dtype=torch.float32, local_files_only=True).eval().requires_grad_(False))
