"""Patch features of a CLIP vision tower in the space of its texts."""

import torch

MODES = ("value_path", "last_hidden")


def embed_pictures(model, pixels, mode="value_path"):
    """(pooled [B, d], patches [B, M, d]) of a transformers CLIPModel, projected, not normalised; one pass through the tower.

    pixels: [B, 3, S, S]. Patches of the last layer mix with their neighbours and align badly with texts; "value_path" (default) runs the
    last layer on them without attention, values only, as FG-CLIP does; "last_hidden" takes them as they are. Raises ValueError otherwise.
    """
    if mode not in MODES:
        raise ValueError(f"expected mode {' or '.join(MODES)}, got {mode}")
    tower = model.vision_model
    out = tower(pixels, output_hidden_states=True)
    states = out.last_hidden_state[:, 1:]
    if mode == "value_path":
        states = _values_only(tower.encoder.layers[-1], out.hidden_states[-2][:, 1:])
    patches = model.visual_projection(tower.post_layernorm(states))
    return model.visual_projection(out.pooler_output), patches


def _values_only(layer, states):
    """A transformer layer in which every position attends to itself alone."""
    states = states + layer.self_attn.out_proj(layer.self_attn.v_proj(layer.layer_norm1(states)))
    return states + layer.mlp(layer.layer_norm2(states))


@torch.no_grad()
def patch_grid(model):
    """Patches a side."""
    config = model.config.vision_config
    return config.image_size // config.patch_size
