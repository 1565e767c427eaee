"""Which emotion a picture shows, by the classifier of `training/moodifier_train/tasks/judge.py`, which has seen no picture that the editor was trained on."""

import torch
import torch.nn.functional as F
from transformers import ResNetForImageClassification


class EmotionJudge:
    """`folder`: a transformers folder. Call it with a picture, float32 [3, H, W] in 0..1."""

    def __init__(self, folder):
        self.model = ResNetForImageClassification.from_pretrained(folder).float().eval()
        self.emotions = [name for _, name in sorted(self.model.config.id2label.items())]
        self.size = self.model.config.image_size

    @torch.no_grad()
    def __call__(self, picture):
        """Probability of each emotion, {name: 0..1}."""
        pixels = F.interpolate(picture[None], size=(self.size, self.size), mode="area") * 2 - 1
        return dict(zip(self.emotions, self.model(pixels).logits.softmax(1)[0].tolist()))

    def verdict(self, picture, emotion):
        """How far the picture shows `emotion`: {emotion, emotion_top3: 1.0 or 0.0, emotion_p: 0..1}; empty for an emotion that the judge does not know."""
        found = self(picture)
        if emotion not in found:
            return {}
        place = sum(p > found[emotion] for p in found.values())
        return {"emotion": float(place == 0), "emotion_top3": float(place < 3), "emotion_p": found[emotion]}
