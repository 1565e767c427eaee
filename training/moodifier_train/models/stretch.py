"""Longer text positions for any CLIP checkpoint (Long-CLIP, Zhang et al. 2024, section 3.1)."""

import json
from pathlib import Path

import torch


def stretch_positions(table, length=248, keep=20):
    """Position embeddings [old, width] -> [length, width]: the first `keep` stay, the rest is spread linearly over the new places.

    The factor is (length - keep) / (old - keep), 4 for 77 -> 248 with 20 kept; places past the last old position extrapolate its last
    step, as the published code does. Raises ValueError when nothing can be stretched.
    """
    old = len(table)
    if not 0 <= keep < old - 1 or length < old:
        raise ValueError(f"expected 0 <= keep < {old - 1} and length >= {old}, got keep {keep} and length {length}")
    factor = (length - keep) / (old - keep)
    place = torch.arange(length - keep, dtype=torch.float64) / factor
    low = place.floor().long().clamp(max=old - keep - 2)
    share = (place - low).to(table.dtype)[:, None]
    rest = table[keep:]
    return torch.cat([table[:keep], rest[low] * (1 - share) + rest[low + 1] * share])


def stretch_clip(model, length=248, keep=20):
    """Stretch the text tower of a transformers CLIPModel (or text tower alone) in place and return it."""
    text = getattr(model, "text_model", model)
    embeddings = text.embeddings
    table = stretch_positions(embeddings.position_embedding.weight.detach(), length, keep)
    embeddings.position_embedding = torch.nn.Embedding.from_pretrained(table, freeze=False)
    embeddings.register_buffer("position_ids", torch.arange(length)[None], persistent=False)
    for config in (model.config, getattr(model.config, "text_config", model.config), text.config):
        if hasattr(config, "max_position_embeddings"):
            config.max_position_embeddings = length
    return model


def freeze_first_positions(model, keep=20):
    """Keep the first `keep` text positions as they are while the others learn (Long-CLIP trains only what it interpolated).

    Their gradient is cut; give the table no weight decay. Returns the model.
    """
    kept = torch.arange(keep)
    model.text_model.embeddings.position_embedding.weight.register_hook(lambda gradient: gradient.index_fill(0, kept.to(gradient.device), 0.0))
    return model


def stretch_tokenizer(folder, length=248):
    """Let the tokenizer of a saved CLIP folder give texts of `length` tokens."""
    path = Path(folder) / "tokenizer_config.json"
    settings = json.loads(path.read_text(encoding="utf-8"))
    path.write_text(json.dumps(settings | {"model_max_length": length}, indent=2) + "\n", encoding="utf-8")
