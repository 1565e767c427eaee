"""Structure distance (Splice, Tumanyan et al. 2022): how much the self-similarity of a picture's tokens changed."""

import torch
import torch.nn.functional as F

MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)


def self_similarity(tokens):
    """Cosines [n, n] between tokens [n, d]."""
    tokens = F.normalize(tokens.float(), dim=-1)
    return tokens @ tokens.T


def structure_distance(tokens_a, tokens_b):
    """Mean squared difference of the two self-similarity matrices; published figures are this times 1000."""
    return float(((self_similarity(tokens_a) - self_similarity(tokens_b)) ** 2).mean())


class DinoKeys:
    """Keys of the last block of a DINO ViT-B/8 (transformers folder, not shipped): [785, 768] of a picture [3, H, W] in 0..1.

    `published` repeats the published evaluator, which normalises values of 0..255 as if they were 0..1.
    """

    name = "dino-vitb8"

    def __init__(self, folder, published=False):
        from transformers import ViTModel

        self.model = ViTModel.from_pretrained(folder).eval()
        self.published = published

    @torch.no_grad()
    def __call__(self, picture):
        pixels = F.interpolate(picture[None], size=(224, 224), mode="bilinear", antialias=True, align_corners=False)
        pixels = (pixels * (255 if self.published else 1) - torch.tensor(MEAN).view(3, 1, 1)) / torch.tensor(STD).view(3, 1, 1)
        keys = []
        *_, key = (module for name, module in self.model.named_modules() if name.endswith((".key", ".k_proj")))
        hook = key.register_forward_hook(lambda _m, _i, out: keys.append(out))
        try:
            self.model(pixels)
        finally:
            hook.remove()
        return keys[0][0]


class PatchColours:
    """The substitute that needs no weights: mean colour and contrast of 16 x 16 patches, [n, 6]. Compare its figures with nothing else."""

    name = "patch-colours"

    def __call__(self, picture):
        patches = F.unfold(picture[None], 16, stride=16)[0].T.unflatten(1, (3, -1))
        return torch.cat([patches.mean(-1), patches.std(-1)], 1) - 0.25
