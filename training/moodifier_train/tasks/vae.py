"""The autoencoder, trained on crops: reconstruction under a little latent noise, so that the decoder forgives the denoiser."""

import numpy as np
import torch

from ..data.moodworld import MoodWorld
from ..losses.reconstruction import reconstruction_losses
from ..models.vae import PatchAutoencoder, make_vae
from .clip import to_pixels


class VaeTask:
    """Crops of `crop` pixels, six in ten near the picture's middle where faces have their detail; `init` continues a model."""

    def __init__(self, config, paths):
        self.config, self.world = config, MoodWorld(paths.data, paths.cache)
        self.model = PatchAutoencoder.from_pretrained(config["init"]) if config["init"] else make_vae(**config["vae"])
        self.model.to(memory_format=torch.channels_last)

    def batch(self, rng, progress):
        crop, n = self.config["crop"], self.config["batch"]
        room = self.world.size - crop
        index = rng.choice(self.world.train, n)
        middle = rng.integers(room // 4, room * 3 // 4 + 1, (n, 2))
        corners = np.where(rng.random((n, 1)) < 0.6, middle, rng.integers(0, room + 1, (n, 2)))
        pixels = to_pixels(np.stack([self.world.images[i, y : y + crop, x : x + crop] for i, (y, x) in zip(index, corners)]))
        return {"pixels": pixels.flip(3) if rng.random() < 0.5 else pixels}

    def losses(self, batch):
        pixels = batch["pixels"]
        latent = self.model.encode(pixels)
        output = self.model.decode(latent + torch.randn_like(latent) * self.config["latent_noise"])
        return {**reconstruction_losses(output, pixels), "size_loss": 1e-4 * latent.square().mean(), "latent_std": latent.std()}

    def evaluate(self):
        """Mean PSNR (dB, whole val pictures) and the latent's standard deviation."""
        index = self.world.val[: self.config.get("eval_count", 64)]
        scores, latents = [], []
        for i in range(0, len(index), 8):
            pixels = to_pixels(self.world.images[index[i : i + 8]])
            latent = self.model.encode(pixels)
            error = ((self.model.decode(latent).clamp(-1, 1) - pixels) / 2).square().mean((1, 2, 3))
            scores.append(-10 * error.log10())
            latents.append(latent)
        return {"psnr_db": torch.cat(scores).mean(), "latent_std": torch.cat(latents).std()}

    def save(self, folder):
        self.model.save_pretrained(folder)
