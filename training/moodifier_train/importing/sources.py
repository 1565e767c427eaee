"""Reads what is to be imported and refuses what is not SD1.5-shaped before anything is exported."""

import json
import tempfile
from dataclasses import dataclass
from pathlib import Path

import torch
from diffusers import AutoencoderKL, StableDiffusionPipeline, UNet2DConditionModel
from safetensors import safe_open
from transformers import CLIPModel, CLIPTextModel

from ..models.vae import PatchAutoencoder
from .refusal import ImportRefused, expect

SINGLE_FILE = (".safetensors", ".ckpt")


@dataclass
class Diffusion:
    """Parts of a Stable Diffusion pipeline, float32, eval mode. `guided`: distilled with a guidance embedding (LCM)."""

    unet: UNet2DConditionModel
    vae: PatchAutoencoder
    text: CLIPTextModel
    schedule: dict
    guided: bool


@dataclass
class Clip:
    """A CLIP model with its tokenizer files and pixel normalisation."""

    model: CLIPModel
    tokenizer: Path
    start: int
    end: int
    normalisation: dict


def read_diffusion(source):
    """A diffusers folder, or a single-file checkpoint (.safetensors or .ckpt) of Stable Diffusion 1.x."""
    source = Path(source)
    if source.is_file() and source.suffix in SINGLE_FILE:
        parts = read_single_file(source)
    elif (source / "model_index.json").is_file():
        parts = read_folder(source)
    else:
        raise ImportRefused(f"--from: expected a diffusers folder with model_index.json or a {' or '.join(SINGLE_FILE)} file, got {source}")
    unet, vae, text, scheduler, guided = parts
    check_unet(unet.config)
    check_vae(vae.config)
    for module in (unet, vae, text):
        module.eval().requires_grad_(False)
    return Diffusion(unet, PatchAutoencoder(vae), text, read_schedule(scheduler), guided)


def read_folder(folder):
    expected = {"unet": "UNet2DConditionModel", "vae": "AutoencoderKL", "text_encoder": "CLIPTextModel"}
    index = json.loads((folder / "model_index.json").read_text())
    for part, name in expected.items():
        expect(f"{folder}/model_index.json {part}", name, (index.get(part) or [None, None])[1])
    # Refused by its configuration before gigabytes are read.
    check_unet(Namespace(UNet2DConditionModel.load_config(folder / "unet")))
    load = {"torch_dtype": torch.float32, "local_files_only": True}
    unet, vae = (kind.from_pretrained(folder, subfolder=part, **load) for kind, part in ((UNet2DConditionModel, "unet"), (AutoencoderKL, "vae")))
    text = CLIPTextModel.from_pretrained(folder / "text_encoder", dtype=torch.float32, local_files_only=True)
    scheduler = json.loads((folder / "scheduler" / "scheduler_config.json").read_text())
    return unet, vae, text, scheduler, bool(unet.config.time_cond_proj_dim)


def read_single_file(path):
    """The checkpoint's keys are mapped onto SD1.5's configuration, which is written here, so that nothing is fetched."""
    from .layout import SIZES, write_diffusers

    shapes, width = checkpoint_shapes(path), SIZES["full"]["text"]
    for what, key, size in (
        ("unet.in_channels (9 is inpainting, 8 InstructPix2Pix)", "model.diffusion_model.input_blocks.0.0.weight", 4),
        ("unet.cross_attention_dim (1024 is Stable Diffusion 2)", "model.diffusion_model.input_blocks.1.1.transformer_blocks.0.attn2.to_k.weight", width),
        ("width of the text encoder", "cond_stage_model.transformer.text_model.embeddings.position_embedding.weight", width),
    ):
        if key not in shapes:
            raise ImportRefused(f"--from: expected a checkpoint of Stable Diffusion 1.x with {key}, got {path}, whose {len(shapes)} tensors lack it")
        expect(what, size, shapes[key][1])
    with tempfile.TemporaryDirectory() as config:
        write_diffusers(config, "full", guided=False, weights=False)
        pipeline = StableDiffusionPipeline.from_single_file(str(path), config=config, local_files_only=True, torch_dtype=torch.float32, safety_checker=None)
    guided = "model.diffusion_model.time_embed.cond_proj.weight" in shapes
    return pipeline.unet, pipeline.vae, pipeline.text_encoder, dict(pipeline.scheduler.config), guided


def checkpoint_shapes(path):
    """{key: shape} without reading weights."""
    if path.suffix == ".safetensors":
        with safe_open(path, "pt") as file:
            return {key: file.get_slice(key).get_shape() for key in file.keys()}
    state = torch.load(path, map_location="meta", mmap=True, weights_only=True)
    return {key: list(value.shape) for key, value in state.get("state_dict", state).items() if torch.is_tensor(value)}


class Namespace(dict):
    __getattr__ = dict.get


def check_unet(config):
    expect("unet.in_channels (9 is inpainting, 8 InstructPix2Pix)", 4, config.in_channels)
    expect("unet.out_channels", 4, config.out_channels)
    expect("unet.addition_embed_type (text_time is SDXL)", None, config.addition_embed_type)
    expect("unet.class_embed_type", None, config.class_embed_type)
    expect("unet.encoder_hid_dim_type", None, config.encoder_hid_dim_type)
    expect("unet.transformer_layers_per_block", (1, None), config.transformer_layers_per_block)


def check_vae(config):
    expect("vae.latent_channels", 4, config.latent_channels)
    expect("vae.block_out_channels (factor 8)", 4, len(config.block_out_channels))


def read_schedule(config):
    """A manifest's noiseSchedule of a scheduler_config.json. Schedulers other than LCM's draw their steps from a grid of 50."""
    kinds = {"scaled_linear": "scaled_linear", "linear": "linear"}
    expect("scheduler.beta_schedule", tuple(kinds), config.get("beta_schedule"))
    expect("scheduler.prediction_type", ("epsilon", "v_prediction", "sample"), config.get("prediction_type", "epsilon"))
    return {
        "kind": config["beta_schedule"], "betaStart": config["beta_start"], "betaEnd": config["beta_end"], "trainTimesteps": config["num_train_timesteps"],
        "prediction": config.get("prediction_type", "epsilon"), "originalSteps": config.get("original_inference_steps") or 50,
    }  # fmt: skip


def read_clip(folder):
    """A transformers CLIPModel folder: CLIP-L/14, Long-CLIP-L, MoodifyCLIP-L and kin."""
    folder = Path(folder)
    for name in ("config.json", "vocab.json", "merges.txt"):
        if not (folder / name).is_file():
            raise ImportRefused(f"--clip: expected a transformers CLIP folder with {name}, got {folder}")
    expect("clip model_type", "clip", json.loads((folder / "config.json").read_text()).get("model_type"))
    model = CLIPModel.from_pretrained(folder, dtype=torch.float32, local_files_only=True).eval().requires_grad_(False)
    vocabulary = json.loads((folder / "vocab.json").read_text(encoding="utf-8"))
    expect("clip vocabulary size", model.config.text_config.vocab_size, len(vocabulary))
    preprocessor = folder / "preprocessor_config.json"
    pixels = json.loads(preprocessor.read_text()) if preprocessor.is_file() else {"image_mean": [0.48145466, 0.4578275, 0.40821073], "image_std": [0.26862954, 0.26130258, 0.27577711]}
    return Clip(model, folder, vocabulary["<|startoftext|>"], vocabulary["<|endoftext|>"], {"mean": pixels["image_mean"], "std": pixels["image_std"]})


def check_pair(diffusion, clip, tower):
    """The text tower that conditions must have the width that the UNet reads."""
    text = clip.model.config.text_config if tower == "clip" else diffusion.text.config
    expect(f"width of the text states ({tower}) for unet.cross_attention_dim", diffusion.unet.config.cross_attention_dim, text.hidden_size)
    expect("vocabulary of the pipeline's text encoder", clip.model.config.text_config.vocab_size, diffusion.text.config.vocab_size)
