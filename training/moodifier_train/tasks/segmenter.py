"""The promptable segmenter: picture + box, points or label -> the area that may change when that part's expression changes."""

import numpy as np
import torch

from ..data.moodworld import REGION_LABELS, MoodWorld
from ..losses.mask import mask_iou, mask_losses
from ..models.segmenter import Segmenter
from .clip import to_pixels

LABELS = ["none", *REGION_LABELS]
POINT_SIGMA = 2.0
MODES = ("box", "points", "label")


class SegmenterTask:
    """The target is the union of both pictures' masks of a part, so that the mask holds the new shape as well as the old."""

    def __init__(self, config, paths):
        self.config, self.world = config, MoodWorld(paths.data, paths.cache)
        self.size, self.family = config["size"], {"segmenterSize": config["size"], "labels": REGION_LABELS}
        self.images, self.maps = self.world.pictures(self.size), self.world.part_maps(self.size)
        self.model = Segmenter(tuple(config["channels"]), len(LABELS), config["fold"])

    def example(self, rng, i, mode=None, jitter=True):
        """(prompt [2, S, S], label, target [1, S, S]) of a random region of picture i; `mode` fixes what is prompted."""
        region = self.world.records[i]["regions"]
        region = region[rng.integers(len(region))]
        part = self.world.part_names.index(region["label"])
        target = (self.maps[i] == part) | (self.maps[self.world.pair[i]] == part)
        prompt = np.zeros((2, self.size, self.size), np.float32)
        mode = mode or MODES[rng.choice(3, p=self.config["modes"])]
        if mode == "box":
            draw_box(prompt[0], _jitter(rng, region["box"]) if jitter else region["box"])
        elif mode == "points":
            ys, xs = np.nonzero(self.maps[i] == part) if (self.maps[i] == part).any() else np.nonzero(target)
            for k in rng.integers(0, len(ys), rng.integers(1, 4)):
                draw_point(prompt[1], xs[k], ys[k])
        named = mode == "label" or rng.random() > self.config["unnamed"] or not jitter
        return prompt, LABELS.index(region["label"]) if named else 0, target[None].astype(np.float32)

    def examples(self, rng, index, **options):
        prompts, labels, targets = zip(*(self.example(rng, i, **options) for i in index))
        return {"pixels": to_pixels(self.images[index]), "prompt": torch.from_numpy(np.stack(prompts)), "label": torch.tensor(labels), "target": torch.from_numpy(np.stack(targets))}

    def batch(self, rng, progress):
        batch = self.examples(rng, rng.choice(self.world.train, self.config["batch"]))
        if rng.random() < 0.5:
            batch = {k: v.flip(3) if v.ndim == 4 else v for k, v in batch.items()}
        return batch

    def losses(self, batch):
        return mask_losses(self.model(batch["pixels"], batch["prompt"], batch["label"]), batch["target"])

    def evaluate(self):
        """Mean IoU on val for each way of prompting; the box is the record's own."""
        index, out = self.world.val[: self.config.get("eval_count", 256)], {}
        for mode in MODES:
            rng, scores = np.random.default_rng(0), []
            for i in range(0, len(index), 32):
                batch = self.examples(rng, index[i : i + 32], mode=mode, jitter=False)
                scores.append(mask_iou(self.model(batch["pixels"], batch["prompt"], batch["label"]), batch["target"]))
            out[f"iou_{mode}"] = torch.cat(scores).mean()
        return out

    def save(self, folder):
        self.model.save_pretrained(folder)


def draw_box(plane, box):
    """Fill `box` (0..1) with 1; edges rounded outwards, at least one pixel."""
    size = plane.shape[0]
    x0, y0, x1, y1 = (v * size for v in box)
    plane[int(y0) : max(int(y0) + 1, int(np.ceil(y1 - 1e-6))), int(x0) : max(int(x0) + 1, int(np.ceil(x1 - 1e-6)))] = 1


def draw_point(plane, x, y):
    """A gaussian of sigma 2 px and height 1 at pixel (x, y); overlapping points keep the larger value."""
    cells = np.arange(plane.shape[0])
    across, down = (np.exp(-((cells - at) ** 2) / (2 * POINT_SIGMA**2)) for at in (x, y))
    np.maximum(plane, np.outer(down, across), out=plane)


def _jitter(rng, box, share=0.15):
    """Move every edge by up to `share` of the box's side: planned boxes are never exact."""
    x0, y0, x1, y1 = box
    shift = rng.uniform(-share, share, 4) * np.array([x1 - x0, y1 - y0, x1 - x0, y1 - y0])
    edges = np.clip(np.array(box) + shift, 0, 1)
    return [min(edges[0], edges[2]), min(edges[1], edges[3]), max(edges[0], edges[2]), max(edges[1], edges[3])]
