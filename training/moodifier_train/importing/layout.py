"""Folders laid out as the real ones, with random weights: for tests, for trying the guide, and as configurations of single-file checkpoints.

    python -m moodifier_train.importing.layout --out DIR [--size full|half|small] [--clip-tokens 77|248] [--weights|--no-weights]

`full` has the sizes of Stable Diffusion 1.5 and CLIP-L/14 (6 GB), `half` the same topology and picture at half of the width, `small` at a tenth and 256 px.
"""

import argparse
import json
from pathlib import Path

import torch
from diffusers import AutoencoderKL, DDIMScheduler, LCMScheduler, StableDiffusionPipeline, UNet2DConditionModel
from transformers import CLIPConfig, CLIPModel, CLIPTextConfig, CLIPTextModel, CLIPTokenizer

from ..data.clip_tokenizer import build_clip_tokenizer

MERGES = 48894
BETAS = {"beta_schedule": "scaled_linear", "beta_start": 0.00085, "beta_end": 0.012, "num_train_timesteps": 1000, "clip_sample": False, "set_alpha_to_one": False, "steps_offset": 1}
SIZES = {
    "full": {"blocks": (320, 640, 1280, 1280), "vae": (128, 256, 512, 512), "text": 768, "layers": 12, "heads": 12, "vision": (1024, 24, 16, 224, 14), "norm": 32, "side": 64},
    "half": {"blocks": (160, 320, 640, 640), "vae": (64, 128, 256, 256), "text": 384, "layers": 12, "heads": 6, "vision": (512, 12, 8, 224, 14), "norm": 32, "side": 64},
    "small": {"blocks": (32, 64, 128, 128), "vae": (16, 32, 32, 32), "text": 64, "layers": 2, "heads": 4, "vision": (64, 2, 4, 56, 14), "norm": 8, "side": 32},
}  # fmt: skip


def unet_config(size, guided=True):
    at = SIZES[size]
    down = ("CrossAttnDownBlock2D",) * 3 + ("DownBlock2D",)
    return {
        "sample_size": at["side"], "block_out_channels": at["blocks"], "down_block_types": down, "up_block_types": ("UpBlock2D",) + ("CrossAttnUpBlock2D",) * 3,
        "layers_per_block": 2, "cross_attention_dim": at["text"], "attention_head_dim": 8, "norm_num_groups": at["norm"], "time_cond_proj_dim": 256 if guided else None,
    }  # fmt: skip


def vae_config(size):
    at = SIZES[size]
    return {
        "block_out_channels": at["vae"], "down_block_types": ("DownEncoderBlock2D",) * 4, "up_block_types": ("UpDecoderBlock2D",) * 4, "layers_per_block": 2,
        "latent_channels": 4, "norm_num_groups": at["norm"], "sample_size": 512, "scaling_factor": 0.18215,
    }  # fmt: skip


def text_config(size, tokens):
    at = SIZES[size]
    return {
        "vocab_size": 49408, "hidden_size": at["text"], "intermediate_size": 4 * at["text"], "num_hidden_layers": at["layers"], "num_attention_heads": at["heads"],
        "max_position_embeddings": tokens, "projection_dim": at["text"], "hidden_act": "quick_gelu", "bos_token_id": 49406, "eos_token_id": 49407, "pad_token_id": 1,
    }  # fmt: skip


def vision_config(size):
    width, layers, heads, side, patch = SIZES[size]["vision"]
    return {"hidden_size": width, "intermediate_size": 4 * width, "num_hidden_layers": layers, "num_attention_heads": heads, "image_size": side, "patch_size": patch, "hidden_act": "quick_gelu", "projection_dim": SIZES[size]["text"]}


def write_diffusers(folder, size="small", guided=True, licence="creativeml-openrail-m", weights=True):
    """A StableDiffusionPipeline folder: LCM_Dreamshaper_v7's layout when `guided` (guidance embedding, LCM scheduler), else SD1.5's."""
    folder = Path(folder)
    torch.manual_seed(0)
    scheduler = LCMScheduler(**BETAS, original_inference_steps=50) if guided else DDIMScheduler(**BETAS)
    with torch.device("cpu" if weights else "meta"):
        unet, vae, text = UNet2DConditionModel(**unet_config(size, guided)), AutoencoderKL(**vae_config(size)), CLIPTextModel(CLIPTextConfig(**text_config(size, 77)))
    tokenizer = write_tokenizer(folder / "tokenizer")
    if weights:
        pipeline = StableDiffusionPipeline(vae=vae, text_encoder=text, tokenizer=tokenizer, unet=unet, scheduler=scheduler, safety_checker=None, feature_extractor=None, requires_safety_checker=False)
        pipeline.save_pretrained(folder)
    else:
        for name, part in (("unet", unet), ("vae", vae), ("text_encoder", text.config), ("scheduler", scheduler), ("tokenizer", tokenizer)):
            (part.save_config if hasattr(part, "save_config") else part.save_pretrained)(folder / name)
        index = {"_class_name": "StableDiffusionPipeline", "safety_checker": [None, None], "feature_extractor": [None, None]}
        index |= {"unet": ["diffusers", "UNet2DConditionModel"], "vae": ["diffusers", "AutoencoderKL"], "text_encoder": ["transformers", "CLIPTextModel"], "tokenizer": ["transformers", "CLIPTokenizer"], "scheduler": ["diffusers", type(scheduler).__name__]}
        (folder / "model_index.json").write_text(json.dumps(index, indent=2) + "\n")
    write_readme(folder, licence)
    return folder


def write_clip(folder, size="small", tokens=77, licence="mit"):
    """A CLIPModel folder: CLIP-L/14's layout, with 248 positions Long-CLIP-L's and MoodifyCLIP-L's."""
    folder = Path(folder)
    torch.manual_seed(1)
    CLIPModel(CLIPConfig(text_config=text_config(size, tokens), vision_config=vision_config(size), projection_dim=SIZES[size]["text"])).save_pretrained(folder)
    write_tokenizer(folder)
    pixels = {"image_mean": [0.48145466, 0.4578275, 0.40821073], "image_std": [0.26862954, 0.26130258, 0.27577711]}
    (folder / "preprocessor_config.json").write_text(json.dumps(pixels) + "\n")
    write_readme(folder, licence)
    return folder


def write_tokenizer(folder):
    build_clip_tokenizer(folder, MERGES)
    return CLIPTokenizer.from_pretrained(folder)


def write_readme(folder, licence):
    (Path(folder) / "README.md").write_text(f"---\nlicense: {licence}\n---\n\nRandom weights in the layout of a real model. Good for nothing but trying commands.\n")


def main(argv=None):
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, required=True, help="writes OUT/lcm and OUT/clip")
    parser.add_argument("--size", choices=SIZES, default="small")
    parser.add_argument("--clip-tokens", type=int, choices=(77, 248), default=77)
    parser.add_argument("--weights", action=argparse.BooleanOptionalAction, default=True)
    args = parser.parse_args(argv)
    write_diffusers(args.out / "lcm", args.size, weights=args.weights)
    write_clip(args.out / "clip", args.size, args.clip_tokens)
    print(f"{args.out}/lcm (diffusers), {args.out}/clip (transformers)")


if __name__ == "__main__":
    main()
