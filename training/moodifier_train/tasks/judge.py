"""The judge of MoodBench: which emotion a picture shows, read by a residual network that shares nothing with the family that it judges."""

import numpy as np
import torch
from transformers import ResNetConfig, ResNetForImageClassification

from ..data.moodworld import MoodWorld
from .clip import to_pixels


class JudgeTask:
    """Single pictures, mirrored and shifted by up to `shift` pixels; train it on a data set of its own seed, so that it has seen no picture of the editor's."""

    def __init__(self, config, paths):
        self.config, self.world = config, MoodWorld(paths.data, paths.cache)
        self.images, self.emotions = self.world.pictures(config["size"]), self.world.emotions
        self.labels = np.array([self.emotions.index(r["emotion"]) for r in self.world.records])
        self.model = ResNetForImageClassification(
            ResNetConfig(
                embedding_size=config["widths"][0], hidden_sizes=config["widths"], depths=config["depths"], layer_type="basic",
                id2label=dict(enumerate(self.emotions)), label2id={name: i for i, name in enumerate(self.emotions)}, image_size=config["size"],
            )
        )  # fmt: skip

    def batch(self, rng, progress):
        index, shift = rng.choice(self.world.train, self.config["batch"], replace=False), self.config["shift"]
        images = self.images[index]
        images = np.where(rng.random(len(index))[:, None, None, None] < 0.5, images[:, :, ::-1], images)
        moved = [np.roll(image, tuple(by), (0, 1)) for image, by in zip(images, rng.integers(-shift, shift + 1, (len(index), 2)))]
        return {"pixels": to_pixels(np.stack(moved)), "label": torch.from_numpy(self.labels[index])}

    def losses(self, batch):
        logits = self.model(batch["pixels"]).logits.float()
        right = (logits.argmax(1) == batch["label"]).float().mean()
        return {"emotion_loss": torch.nn.functional.cross_entropy(logits, batch["label"], label_smoothing=self.config["label_smoothing"]), "train_top1": right}

    def evaluate(self):
        """Shares of the pictures of identities never trained on whose emotion is the first, among the first two or three."""
        index = self.world.val[: self.config.get("eval_count", len(self.world.val))]
        order = torch.cat([self.model(to_pixels(self.images[part])).logits.argsort(1, descending=True) for part in np.array_split(index, max(1, len(index) // 64))])
        hits = order == torch.from_numpy(self.labels[index])[:, None]
        return {f"emotion_top{k}": hits[:, :k].any(1).float().mean() for k in (1, 2, 3)}

    def save(self, folder):
        self.model.save_pretrained(folder)
