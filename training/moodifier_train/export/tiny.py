"""The tiny family: random weights, smallest sizes, the same folders and the same export as trained families. For tests only."""

import json
import tempfile
from pathlib import Path

import torch
from diffusers import UNet2DConditionModel
from transformers import CLIPVisionConfig, CLIPVisionModel, LlamaConfig, LlamaForCausalLM

from ..data.byte_tokenizer import build_byte_tokenizer
from ..data.clip_tokenizer import build_clip_tokenizer
from ..data.reply import annotation_schema, plan_schema, segments
from ..models.clip import make_clip, save_clip
from ..models.domain import Domain
from ..models.planner import Planner
from ..models.segmenter import Segmenter
from ..models.vae import make_vae
from .family import load_family
from .samples import ANNOTATION, PLAN

SEED = 20240917
MERGES, PLANNER_TOKENS, PICTURE = 512, 384, 64
FOREIGN = 100.0  # domain distance that no picture reaches
LABELS = ["mouth", "eyes", "eyebrows", "face"]


def tiny_unet(cross=16, size=16):
    """Three resolutions, cross-attention on the lower two, four cross layers in the up blocks: the shape of mini, thinner."""
    return UNet2DConditionModel(
        sample_size=size, in_channels=4, out_channels=4, block_out_channels=(8, 16, 24), layers_per_block=1, norm_num_groups=4,
        down_block_types=("DownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D"),
        up_block_types=("CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D"), cross_attention_dim=cross, attention_head_dim=2,
    )


def spread(module, gain, part=""):
    """Scale up random weights (of names with `part`), so that attention is not flat and outputs depend visibly on every input."""
    with torch.no_grad():
        for name, parameter in module.named_parameters():
            if parameter.ndim > 1 and part in name:
                parameter.mul_(gain)
    return module


def write_tiny_runs(runs):
    """Random models in the layout of a runs folder."""
    torch.manual_seed(SEED)
    runs = Path(runs)
    tokenizer = build_clip_tokenizer(runs / "tokenizer" / "clip", MERGES)
    end = tokenizer.eos_token_id
    tower = {"hidden_size": 16, "intermediate_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2}
    text = {**tower, "vocab_size": end + 1, "bos_token_id": end - 1, "eos_token_id": end, "pad_token_id": end}
    clip = spread(make_clip(text, {**tower, "image_size": PICTURE, "patch_size": 16}, 16), 3.0)
    save_clip(clip, runs / "tokenizer" / "clip", runs / "clip" / "model", [0.5] * 3, [0.5] * 3)
    make_vae(width=8, encoder_blocks=1, decoder_blocks=1).save_pretrained(runs / "vae" / "model")
    unet = spread(spread(tiny_unet(), 1.5), 2.5, "attn")
    with torch.no_grad():
        unet.conv_out.weight.mul_(0.05)  # guidance divides by sqrt(abar), 0.07 at the first step: keep the edit of unit size
    unet.save_pretrained(runs / "unet" / "model")
    texts = ["".join(s.text for s in segments(schema, value)) for schema, value in ((plan_schema(["face"], LABELS), PLAN), (annotation_schema(["joy", "sadness"]), ANNOTATION))]
    vocabulary = build_byte_tokenizer(texts, runs / "tokenizer" / "planner", PLANNER_TOKENS).get_vocab_size()
    vision = CLIPVisionModel(CLIPVisionConfig(**tower, image_size=PICTURE, patch_size=16))
    llama = LlamaConfig(vocab_size=vocabulary, hidden_size=16, intermediate_size=32, num_hidden_layers=2, num_attention_heads=2, num_key_value_heads=2, max_position_embeddings=1024, tie_word_embeddings=True, bos_token_id=0, eos_token_id=2, pad_token_id=3)
    planner = spread(Planner(vision, LlamaForCausalLM(llama)), 3.0)
    planner.domain = Domain(llama.hidden_size)
    planner.domain.threshold.fill_(FOREIGN)
    planner.save_pretrained(runs / "planner" / "model")
    Segmenter(channels=(4, 8, 8)).save_pretrained(runs / "segmenter" / "model")
    settings = {"scalingFactor": 0.8, "segmenterSize": PICTURE, "labels": LABELS, "provenance": {"configs": {}, "metrics": {}, "sources": {}, "note": "random weights"}}
    (runs / "family.json").write_text(json.dumps(settings) + "\n")
    (runs / "unet" / "model" / "latents.json").write_text(json.dumps({"scaling_factor": settings["scalingFactor"], "prediction": "epsilon"}) + "\n")
    return runs


def tiny_family():
    with tempfile.TemporaryDirectory() as folder:
        family = load_family(write_tiny_runs(folder), "tiny", "0.1.0")
        kept = Path(tempfile.mkdtemp(prefix="tiny-tokenizer-"))
        for kind, source in family.tokenizers.items():
            family.tokenizers[kind] = source.rename(kept / kind)
        return family
