"""Graph modules of CLIP and of the picture autoencoder. Inputs, outputs and units: docs of the manifest's graph roles."""

import torch
from torch import nn
from torch.nn import functional as F


def causal_mask(query, key):
    """Additive [1, 1, q, k] mask for the last q of k positions: 0 where a position may look, a large negative number ahead of it."""
    rows = torch.arange(query).unsqueeze(1) + (key - query)
    return (torch.arange(key).unsqueeze(0) > rows).float()[None, None] * torch.finfo(torch.float32).min


class TextEncoder(nn.Module):
    """input_ids int64 [batch, length] -> hidden_states (after the final layer norm), text_embeds (L2-normalised, at the first end token)."""

    def __init__(self, text_model, projection, end_token):
        super().__init__()
        self.text, self.projection, self.end_token = text_model, projection, end_token
        self.text.set_attn_implementation("eager")

    def forward(self, input_ids):
        length = input_ids.shape[1]
        states, mask = self.text.embeddings(input_ids=input_ids), causal_mask(length, length)
        for layer in self.text.encoder.layers:
            states = layer(states, attention_mask=mask)
        states = self.text.final_layer_norm(states)
        ends = (input_ids == self.end_token).int().argmax(1)
        pooled = states.gather(1, ends[:, None, None].expand(-1, 1, states.shape[2])).squeeze(1)
        return states, F.normalize(self.projection(pooled), dim=-1)


class ImageEncoder(nn.Module):
    """pixel_values [batch, 3, S, S] normalised -> image_embeds [batch, E], patches [batch, M, E]; both L2-normalised."""

    def __init__(self, vision_model, projection):
        super().__init__()
        self.vision, self.projection = vision_model, projection
        self.vision.set_attn_implementation("eager")

    def forward(self, pixel_values):
        states = self.vision.post_layernorm(vision_states(self.vision, pixel_values))
        embeds = F.normalize(self.projection(states), dim=-1)
        return embeds[:, 0], embeds[:, 1:]


def vision_states(vision, pixels):
    """Last hidden states of a CLIPVisionModel, [batch, 1 + patches, width], before its post layer norm."""
    states = vision.pre_layrnorm(vision.embeddings(pixels))
    for layer in vision.encoder.layers:
        states = layer(states, attention_mask=None)
    return states


class VaeEncoder(nn.Module):
    """pixel_values [batch, 3, H, W] in -1..1 -> latent [batch, 4, H/f, W/f]: posterior mean, unscaled."""

    def __init__(self, vae):
        super().__init__()
        self.vae = vae

    def forward(self, pixel_values):
        return self.vae.encode(pixel_values)


class VaeDecoder(nn.Module):
    """latent [batch, 4, h, w], unscaled -> pixel_values [batch, 3, h f, w f] in about -1..1."""

    def __init__(self, vae):
        super().__init__()
        self.vae = vae

    def forward(self, latent):
        return self.vae.decode(latent)
