"""Writes an imported family: the same graph roles, checks and manifest as every family, weights beside the graphs."""

import shutil
import time
from dataclasses import dataclass
from pathlib import Path

from torch import nn

from ..export.encoders import TextEncoder
from ..export.graphs import denoiser_graph, image_graph, segmenter_graph, text_graph, vae_graphs
from ..export.large_graph import write_large_graph
from ..export.manifest import list_files, write_json_manifest
from ..export.onnx_graph import round_weights
from .quantize import add_variant
from .refusal import ImportRefused
from .sources import Clip, Diffusion, check_pair

PRECISIONS = ("fp32", "fp16", "int8")
CATEGORIES = ["face", "bag", "bracelet", "clothes", "earring", "necklace", "ring", "vase", "scene", "other"]
LABELS = ["mouth", "eyes", "eyebrows", "face", "object", "background"]
# InfEdit's defaults for latent consistency models; other models need more steps and guidance.
GUIDED = {"steps": 12, "guidanceScale": 2.0, "crossReplace": 0.7, "selfReplace": 0.3, "featherPx": 8}
PLAIN = {"steps": 30, "guidanceScale": 5.0, "crossReplace": 0.7, "selfReplace": 0.3, "featherPx": 8}
PRESETS = {
    "shape": {"crossReplace": 0.4, "selfReplace": 0.3}, "colour": {"crossReplace": 1.0, "selfReplace": 0.8}, "material": {"crossReplace": 0.9, "selfReplace": 0.7},
    "style": {"crossReplace": 0.7, "selfReplace": 0.4}, "add": {"crossReplace": 0.2, "selfReplace": 0.1}, "remove": {"crossReplace": 0.2, "selfReplace": 0.1},
}  # fmt: skip


@dataclass
class Order:
    """What to import and how. `tower`: whose text states condition the denoiser, "clip" (the paper) or "diffusers" (the pipeline's own)."""

    id: str
    version: str
    diffusion: Diffusion
    clip: Clip
    segmenter: nn.Module | None
    licence: str
    precision: str
    tower: str
    calibration: Path | None
    check: bool
    provenance: dict


class TwoTowers(nn.Module):
    """input_ids -> hidden_states of the tower that conditions, text_embeds of the CLIP that scores."""

    def __init__(self, states, embeds):
        super().__init__()
        self.states, self.embeds = states, embeds

    def forward(self, input_ids):
        return self.states(input_ids)[0], self.embeds(input_ids)[1]


def text_transformer(model):
    return getattr(model, "text_model", model)


def text_encoder_graph(order):
    clip, end = order.clip.model, order.clip.end
    own = order.diffusion.text
    length = clip.config.text_config.max_position_embeddings
    if order.tower == "clip":
        return text_graph(clip, end, length), length, clip.config.text_config.hidden_size
    length = min(length, own.config.max_position_embeddings)
    graph = text_graph(clip, end, length)
    graph.module = TwoTowers(TextEncoder(text_transformer(own), nn.Identity(), end), graph.module)
    return graph, length, own.config.hidden_size


def import_graphs(order):
    """(graphs in the order of their size, text length, text width, head counts)."""
    check_pair(order.diffusion, order.clip, order.tower)
    unet, factor = order.diffusion.unet, 8
    side = unet.config.sample_size
    text, length, width = text_encoder_graph(order)
    denoiser = denoiser_graph(unet, min(side, 24), length, fused=True)
    denoiser.checks = denoiser.checks[:1] + denoiser.checks[2:]
    vaes = vae_graphs(order.diffusion.vae, factor, min(side, 16) * factor)
    graphs = [*vaes, text, image_graph(order.clip.model), denoiser]
    if order.segmenter is not None:
        graphs.append(segmenter_graph(order.segmenter, order.segmenter.size))
    return graphs, length, width, denoiser.module.head_counts


def write_family(order, out):
    """Write the family folder. Returns {role: deviation or None}."""
    if order.precision not in PRECISIONS:
        raise ImportRefused(f"--precision: expected {', '.join(PRECISIONS)}, got {order.precision}")
    out = Path(out)
    if order.precision != "fp32":
        for module in (order.diffusion.unet, order.diffusion.vae, order.diffusion.text, order.clip.model, order.segmenter):
            if module is not None:
                round_weights(module)
    graphs, length, width, heads = import_graphs(order)
    out.mkdir(parents=True, exist_ok=True)
    entries, deviations = {}, {}
    for graph in graphs:
        started = time.monotonic()
        entries[graph.role], deviations[graph.role] = write_large_graph(graph, out / f"{graph.role}.onnx", half=order.precision != "fp32", check=order.check)
        size = sum((out / name).stat().st_size for name in (entries[graph.role]["file"], *entries[graph.role]["data"]))
        found = "unchecked" if deviations[graph.role] is None else f"deviation {deviations[graph.role]:.1e}"
        print(f"{graph.role}: {size / 1e6:.1f} MB, {found}, {time.monotonic() - started:.1f} s", flush=True)
    (out / "tokenizer" / "clip").mkdir(parents=True, exist_ok=True)
    for name in ("vocab.json", "merges.txt"):
        shutil.copyfile(order.clip.tokenizer / name, out / "tokenizer" / "clip" / name)
    manifest = describe(order, entries, length, width, heads)
    manifest["provenance"]["deviations"] = deviations
    if order.precision != "fp32":
        add_variant(out, manifest, order.precision, order.calibration)
    manifest["files"] = list_files(out, manifest)
    write_json_manifest(manifest, out)
    return deviations


def describe(order, entries, length, width, heads):
    clip, unet = order.clip.model.config, order.diffusion.unet.config
    image = {"size": unet.sample_size * 8, "multiple": 8, "clip": {"size": clip.vision_config.image_size, **order.clip.normalisation}}
    if order.segmenter is not None:
        image["segmenter"] = {"size": order.segmenter.size, "labels": ["none", *LABELS]}
    prefix = "tokenizer/clip"
    return {
        "schemaVersion": 1, "id": order.id, "family": "sd15", "version": order.version, "licence": order.licence, "files": {}, "graphs": entries,
        "tokenizers": {"clip": {"kind": "clip-bpe", "vocab": f"{prefix}/vocab.json", "merges": f"{prefix}/merges.txt", "startToken": order.clip.start, "endToken": order.clip.end, "padToken": order.clip.end, "maxLength": length}},
        # These denoisers were trained on texts padded to the full length.
        "text": {"width": width, "embeddingWidth": clip.projection_dim, "maxLength": length, "lengthMultiple": length, "logitScale": round(float(order.clip.model.logit_scale.exp()), 6)},
        "image": image,
        "latent": {"channels": 4, "factor": 8, "scalingFactor": order.diffusion.vae.vae.config.scaling_factor, "shiftFactor": 0},
        "noiseSchedule": order.diffusion.schedule,
        "denoiser": {"layers": len(heads), "crossWidth": unet.cross_attention_dim, "headCounts": heads, "mapSize": "lowest"},
        "planner": {"categories": CATEGORIES, "labels": LABELS},
        "defaults": GUIDED if order.diffusion.guided else PLAIN, "presets": PRESETS, "emotionPrompts": "This picture conveys {emotion}.",
        "provenance": order.provenance,
    }  # fmt: skip
