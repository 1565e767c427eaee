"""A Stable Diffusion 1.x pipeline as one file with the names of the original code (latent-diffusion), as single-file checkpoints have them."""

import re

import torch
from safetensors.torch import save_file

RESNET = {"norm1": "in_layers.0", "conv1": "in_layers.2", "time_emb_proj": "emb_layers.1", "norm2": "out_layers.0", "conv2": "out_layers.3", "conv_shortcut": "skip_connection"}
ENDS = {"time_embedding.linear_1": "time_embed.0", "time_embedding.linear_2": "time_embed.2", "time_embedding.cond_proj": "time_embed.cond_proj", "conv_in": "input_blocks.0.0", "conv_norm_out": "out.0", "conv_out": "out.2"}
VAE_ATTENTION = {"group_norm": "norm", "to_q": "q", "to_k": "k", "to_v": "v", "to_out.0": "proj_out"}


def write_original(pipeline, path):
    """Writes UNet, VAE and text encoder; extras of training (betas) are there as in published files."""
    parts = {"model.diffusion_model.": (pipeline.unet, unet_name), "first_stage_model.": (pipeline.vae, vae_name), "cond_stage_model.transformer.text_model.": (pipeline.text_encoder, lambda key: key.removeprefix("text_model."))}
    state = {"betas": torch.linspace(0.00085**0.5, 0.012**0.5, 1000) ** 2}
    for prefix, (module, rename) in parts.items():
        for key, value in module.state_dict().items():
            name = prefix + rename(key)
            attention = ".mid.attn_1." in name and value.ndim == 2  # a 1 x 1 convolution there
            state[name] = (value[:, :, None, None] if attention else value).contiguous()
    save_file(state, path)


def swap(text, names):
    """`text` with its first part that `names` has replaced."""
    key = next((key for key in names if text == key or text.startswith(f"{key}.")), None)
    return text if key is None else names[key] + text[len(key) :]


def unet_name(key):
    """down, mid and up blocks are numbered through: two (down) or three (up) layers a block, then the change of size."""
    block = re.match(r"(down|up)_blocks\.(\d)\.(resnets|attentions|downsamplers|upsamplers)\.(\d)\.(.+)", key)
    if block:
        side, i, kind, j, rest = block[1], int(block[2]), block[3], int(block[4]), block[5]
        if kind == "downsamplers":
            return f"input_blocks.{3 * (i + 1)}.0.op.{rest.removeprefix('conv.')}"
        if kind == "upsamplers":
            return f"output_blocks.{3 * i + 2}.{2 if i else 1}.{rest}"
        number = f"input_blocks.{1 + 3 * i + j}" if side == "down" else f"output_blocks.{3 * i + j}"
        return f"{number}.1.{rest}" if kind == "attentions" else f"{number}.0.{swap(rest, RESNET)}"
    middle = re.match(r"mid_block\.(resnets|attentions)\.(\d)\.(.+)", key)
    if middle:
        return f"middle_block.1.{middle[3]}" if middle[1] == "attentions" else f"middle_block.{2 * int(middle[2])}.{swap(middle[3], RESNET)}"
    return swap(key, ENDS)


def vae_name(key):
    """The decoder counts its blocks from the coarsest up, the original from the finest."""
    key = re.sub(r"encoder\.down_blocks\.(\d)\.resnets\.(\d)", r"encoder.down.\1.block.\2", key)
    key = re.sub(r"encoder\.down_blocks\.(\d)\.downsamplers\.0", r"encoder.down.\1.downsample", key)
    key = re.sub(r"decoder\.up_blocks\.(\d)\.resnets\.(\d)", lambda m: f"decoder.up.{3 - int(m[1])}.block.{m[2]}", key)
    key = re.sub(r"decoder\.up_blocks\.(\d)\.upsamplers\.0", lambda m: f"decoder.up.{3 - int(m[1])}.upsample", key)
    key = re.sub(r"mid_block\.resnets\.(\d)", lambda m: f"mid.block_{int(m[1]) + 1}", key)
    key = re.sub(r"mid_block\.attentions\.0\.(.+)", lambda m: "mid.attn_1." + swap(m[1], VAE_ATTENTION), key)
    return key.replace("conv_shortcut", "nin_shortcut").replace("conv_norm_out", "norm_out")
