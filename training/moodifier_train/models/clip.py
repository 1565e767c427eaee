"""MoodifyCLIP-mini: a transformers CLIPModel with a 248-position causal text tower and a small ViT."""

import json
from pathlib import Path

import torch
from transformers import CLIPConfig, CLIPModel, CLIPTextModelWithProjection

START_ID, END_ID = 8192, 8193


def make_clip(text, vision, projection=256):
    """A fresh CLIPModel; `text` and `vision` override the sizes in the configuration file."""
    text = {"vocab_size": END_ID + 1, "max_position_embeddings": 248, "bos_token_id": START_ID, "eos_token_id": END_ID, "pad_token_id": END_ID, "projection_dim": projection, **text}
    config = CLIPConfig(text_config=text, vision_config={"projection_dim": projection, **vision}, projection_dim=projection)
    config._attn_implementation = "sdpa"
    return CLIPModel(config)


def save_clip(model, tokenizer_files, folder, mean, std):
    """Write model, tokenizer files and preprocessor_config.json (mean, std, size, scale 1/255) into `folder`."""
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    model.save_pretrained(folder)
    for name in ("vocab.json", "merges.txt", "tokenizer_config.json"):
        (folder / name).write_bytes((Path(tokenizer_files) / name).read_bytes())
    size = model.config.vision_config.image_size
    settings = {"image_processor_type": "CLIPImageProcessor", "image_mean": mean, "image_std": std, "size": {"height": size, "width": size}, "do_center_crop": False}
    (folder / "preprocessor_config.json").write_text(json.dumps(settings, indent=2) + "\n")


def read_normalisation(folder):
    """(mean, std) by channel of a saved CLIP folder. Raises SystemExit when it is not one."""
    needed = ("config.json", "vocab.json", "merges.txt", "preprocessor_config.json")
    missing = [name for name in needed if not (Path(folder) / name).exists()]
    if missing:
        raise SystemExit(f"{folder}: expected a transformers CLIP folder with {', '.join(needed)} and weights; it has no {', '.join(missing)}")
    settings = json.loads((Path(folder) / "preprocessor_config.json").read_text())
    return settings["image_mean"], settings["image_std"]


def load_text_tower(folder):
    """The frozen text tower (CLIPTextModelWithProjection) of a saved CLIP folder."""
    tower = CLIPTextModelWithProjection.from_pretrained(folder, attn_implementation="sdpa").eval()
    return tower.requires_grad_(False)


@torch.no_grad()
def text_states(tower, ids, below=0, chunk=64):
    """Token states float32 [n, L, width] after the final layer norm, or before the last `below` layers. Causal: padding never changes earlier tokens."""
    states = lambda out: out.hidden_states[-1 - below] if below else out.last_hidden_state
    return torch.cat([states(tower(input_ids=ids[i : i + chunk], output_hidden_states=below > 0)) for i in range(0, len(ids), chunk)])
