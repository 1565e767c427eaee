"""The picture autoencoder: a diffusers VAE behind pixel unshuffling, f8 and four latent channels in total."""

import json
from pathlib import Path

import torch.nn.functional as F
from diffusers import AutoencoderKL, AutoencoderTiny
from torch import nn


class PatchAutoencoder(nn.Module):
    """pixel_unshuffle(patch) -> VAE -> pixel_shuffle(patch); patch = sqrt(in_channels / 3), so a plain VAE has patch 1.

    encode: pixels float [B, 3, H, W] in -1..1 -> latent [B, 4, H/8, W/8], the posterior mean, unscaled.
    decode: unscaled latent -> pixels in about -1..1.
    """

    def __init__(self, vae):
        super().__init__()
        self.vae, self.patch = vae, round((vae.config.in_channels / 3) ** 0.5)
        if 3 * self.patch**2 != vae.config.in_channels:
            raise ValueError(f"expected a VAE with 3 * patch^2 input channels, got {vae.config.in_channels}")

    def encode(self, pixels):
        out = self.vae.encode(F.pixel_unshuffle(pixels, self.patch) if self.patch > 1 else pixels)
        return out.latents if hasattr(out, "latents") else out.latent_dist.mean

    def decode(self, latent):
        pixels = self.vae.decode(latent).sample
        return F.pixel_shuffle(pixels, self.patch) if self.patch > 1 else pixels

    def save_pretrained(self, folder):
        self.vae.save_pretrained(folder)

    @staticmethod
    def from_pretrained(folder):
        """Load a diffusers folder of an AutoencoderTiny or an AutoencoderKL."""
        name = json.loads((Path(folder) / "config.json").read_text())["_class_name"]
        classes = {"AutoencoderTiny": AutoencoderTiny, "AutoencoderKL": AutoencoderKL}
        if name not in classes:
            raise ValueError(f"{folder}: expected {' or '.join(classes)}, got {name}")
        return PatchAutoencoder(classes[name].from_pretrained(folder).eval())


def make_vae(patch=4, width=64, encoder_blocks=2, decoder_blocks=3):
    """A fresh AutoencoderTiny of `width` channels on patches; patch * 2 is the whole downsampling factor."""
    channels = 3 * patch**2
    vae = AutoencoderTiny(
        in_channels=channels, out_channels=channels, encoder_block_out_channels=(width, width), decoder_block_out_channels=(width, width),
        num_encoder_blocks=(2, encoder_blocks + 1), num_decoder_blocks=(decoder_blocks, decoder_blocks),
    )  # fmt: skip
    return PatchAutoencoder(vae)
