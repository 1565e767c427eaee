"""A family on its way out: the five trained folders of a runs folder, rounded to stored precision, and their export."""

import copy
import json
import shutil
import time
from dataclasses import dataclass, field
from pathlib import Path

from diffusers import AutoencoderTiny, UNet2DConditionModel
from transformers import CLIPModel

from ..models.planner import Planner
from ..models.segmenter import Segmenter
from ..models.vae import PatchAutoencoder
from .golden_edit import check_loop
from .graphs import denoiser_graph, image_graph, planner_graphs, segmenter_graph, text_graph, vae_graphs
from .manifest import SCHEDULE, write_manifest
from .model_card import write_card
from .onnx_graph import round_weights, write_graph

TASKS = ("vae", "clip", "unet", "planner", "segmenter")


@dataclass
class Family:
    id: str
    family: str
    version: str
    size: int  # picture side in pixels
    factor: int  # pixels per latent cell
    scaling: float  # latent times this is what the UNet sees
    clip: CLIPModel
    vae: PatchAutoencoder
    unet: UNet2DConditionModel
    planner: Planner
    segmenter: Segmenter
    segmenter_size: int
    labels: list  # parts that the planner may name and the segmenter finds
    tokenizers: dict  # {"clip": folder, "planner": folder}
    clip_tokens: tuple  # start, end
    clip_normalisation: dict
    planner_normalisation: dict
    reply_length: int = 512
    categories: list = field(default_factory=lambda: ["face"])
    prediction: str = "epsilon"  # what the denoiser's output means: epsilon, v_prediction or sample
    head_counts: list = field(default_factory=list)
    provenance: dict = field(default_factory=dict)

    @property
    def schedule(self):
        """The manifest's noiseSchedule."""
        return {**SCHEDULE, "prediction": self.prediction}


def vae_factor(model):
    """Pixels per latent cell along one side of a PatchAutoencoder."""
    config = model.vae.config
    blocks = config.encoder_block_out_channels if isinstance(model.vae, AutoencoderTiny) else config.block_out_channels
    return model.patch * 2 ** (len(blocks) - 1)


def load_family(runs, name, version):
    """Read RUNS/TASK/model of the five tasks and RUNS/tokenizer/{clip,planner}; weights come back rounded to float16."""
    runs = Path(runs)
    missing = [str(runs / task / "model") for task in TASKS if not (runs / task / "model").is_dir()]
    if missing:
        raise FileNotFoundError(f"expected trained models in {', '.join(missing)}")
    at = {task: runs / task / "model" for task in TASKS}
    clip, vae, unet = CLIPModel.from_pretrained(at["clip"]), PatchAutoencoder.from_pretrained(at["vae"]), UNet2DConditionModel.from_pretrained(at["unet"])
    planner, segmenter = Planner.from_pretrained(at["planner"]), Segmenter.from_pretrained(at["segmenter"])
    for model in (clip, vae, unet, planner, segmenter):
        round_weights(model.eval().requires_grad_(False))
    settings = json.loads((runs / "family.json").read_text())
    prediction = json.loads((at["unet"] / "latents.json").read_text()).get("prediction", "epsilon")
    pixels = json.loads((at["clip"] / "preprocessor_config.json").read_text())
    normalisation = {"mean": pixels["image_mean"], "std": pixels["image_std"]}
    text, factor = clip.config.text_config, vae_factor(vae)
    return Family(
        id=name, family=name, version=version, size=unet.config.sample_size * factor, factor=factor, scaling=settings["scalingFactor"],
        clip=clip, vae=vae, unet=unet, planner=planner, segmenter=segmenter, segmenter_size=settings["segmenterSize"], labels=settings["labels"],
        tokenizers={kind: runs / "tokenizer" / kind for kind in ("clip", "planner")}, clip_tokens=(text.bos_token_id, text.eos_token_id),
        clip_normalisation=normalisation, planner_normalisation=normalisation, provenance=settings["provenance"], prediction=prediction,
    )


def family_graphs(family):
    high = family.unet.config.sample_size
    end, length = family.clip_tokens[1], family.clip.config.text_config.max_position_embeddings
    denoiser = denoiser_graph(family.unet, high, length)
    family.head_counts = denoiser.module.head_counts
    return [
        text_graph(family.clip, end, length), image_graph(family.clip), *vae_graphs(family.vae, family.factor, family.size), denoiser,
        *planner_graphs(family.planner), segmenter_graph(family.segmenter, family.segmenter_size),
    ]


def export_family(family, out, half=True):
    """Write the family folder: graphs (each proven against its module, and the edit that they make), tokenizers, manifest, model card. Returns {role: deviation}."""
    out = Path(out)
    out.mkdir(parents=True, exist_ok=True)
    for kind, folder in family.tokenizers.items():
        (out / "tokenizer" / kind).mkdir(parents=True, exist_ok=True)
        for name in ("vocab.json", "merges.txt"):
            shutil.copyfile(folder / name, out / "tokenizer" / kind / name)
    entries, deviations, plain = {}, {}, copy.deepcopy(family.unet)
    for graph in family_graphs(family):
        started = time.monotonic()
        path = out / f"{graph.role}.onnx"
        entries[graph.role], deviations[graph.role] = write_graph(graph, path, half)
        print(f"{graph.role}: {path.stat().st_size / 1e6:.2f} MB, deviation {deviations[graph.role]:.1e}, {time.monotonic() - started:.1f} s", flush=True)
    layers = entries["denoiser"]["inputs"]["self_q"]["dims"][0]
    deviations["edit"] = check_loop(plain, family, out / "denoiser.onnx", layers)
    manifest = write_manifest(family, entries, out)
    if family.provenance.get("metrics"):
        write_card(manifest, deviations, out)
    return deviations
