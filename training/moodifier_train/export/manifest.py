"""manifest.json (schema version 1): what a reader must know to run a family, and digests of every file."""

import hashlib
import json
from pathlib import Path

SCHEDULE = {"kind": "scaled_linear", "betaStart": 0.00085, "betaEnd": 0.012, "trainTimesteps": 1000, "prediction": "epsilon", "originalSteps": 50}
DEFAULTS = {"steps": 8, "guidanceScale": 4, "crossReplace": 0.6, "selfReplace": 0.3, "featherPx": 4}
# Control by kind of edit: how much of the schedule follows the source (InfEdit's planner heuristics, weaker for faces).
PRESETS = {
    "shape": {"crossReplace": 0.4, "selfReplace": 0.2},
    "colour": {"crossReplace": 1.0, "selfReplace": 0.8},
    "material": {"crossReplace": 0.9, "selfReplace": 0.7},
    "style": {"crossReplace": 0.7, "selfReplace": 0.4, "steps": 12},
    "add": {"crossReplace": 0.2, "selfReplace": 0.1},
    "remove": {"crossReplace": 0.2, "selfReplace": 0.1, "steps": 12},
}


def digest(path):
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def list_files(folder, manifest):
    """{relative path: {sha256, bytes}} of every file that the manifest names."""
    stored = [part for graph in manifest["graphs"].values() for part in (graph, *graph.get("variants", {}).values())]
    names = {name for part in stored for name in (part["file"], *part.get("data", []))}
    names |= {entry[key] for entry in manifest["tokenizers"].values() for key in ("vocab", "merges")}
    paths = {name: Path(folder) / name for name in sorted(names)}
    return {name: {"sha256": digest(path), "bytes": path.stat().st_size} for name, path in paths.items()}


def describe_family(family, graphs):
    """The manifest without `files`; `graphs` = {role: entry of write_graph}."""
    clip, unet, decoder = family.clip, family.unet, family.planner.decoder.config
    text, vision = clip.config.text_config, clip.config.vision_config
    layers = graphs["denoiser"]["inputs"]["self_q"]["dims"][0]
    tokens = graphs["planner_vision"]["outputs"]["image_tokens"]["dims"][1]
    prefix = {"clip": "tokenizer/clip", "planner": "tokenizer/planner"}
    start, end = family.clip_tokens
    return {
        "schemaVersion": 1, "id": family.id, "family": family.family, "version": family.version, "licence": "Apache-2.0",
        "files": {},
        "graphs": graphs,
        "tokenizers": {
            "clip": {"kind": "clip-bpe", "vocab": f"{prefix['clip']}/vocab.json", "merges": f"{prefix['clip']}/merges.txt", "startToken": start, "endToken": end, "padToken": end, "maxLength": text.max_position_embeddings},
            "planner": {"kind": "byte-bpe", "vocab": f"{prefix['planner']}/vocab.json", "merges": f"{prefix['planner']}/merges.txt", "bosToken": 0, "sepToken": 1, "eosToken": 2, "padToken": 3, "maxLength": family.reply_length},
        },
        "text": {"width": text.hidden_size, "embeddingWidth": clip.config.projection_dim, "maxLength": text.max_position_embeddings, "lengthMultiple": 16, "logitScale": round(float(clip.logit_scale.exp()), 6)},
        "image": {
            "size": family.size, "multiple": family.factor,
            "clip": {"size": vision.image_size, **family.clip_normalisation},
            "planner": {"size": family.planner.vision.config.image_size, **family.planner_normalisation},
            "segmenter": {"size": family.segmenter_size, "labels": ["none", *family.labels]},
        },
        "latent": {"channels": unet.config.in_channels, "factor": family.factor, "scalingFactor": family.scaling, "shiftFactor": 0},
        "noiseSchedule": family.schedule,
        "denoiser": {"layers": layers, "crossWidth": unet.config.cross_attention_dim, "headCounts": family.head_counts, "mapSize": "lowest"},
        "planner": {**describe_domain(family.planner), "layers": decoder.num_hidden_layers, "heads": decoder.num_attention_heads, "headDim": decoder.hidden_size // decoder.num_attention_heads, "imageTokens": tokens, "categories": family.categories, "labels": family.labels},
        "defaults": DEFAULTS, "presets": PRESETS, "emotionPrompts": "The picture conveys {emotion}.",
        "provenance": family.provenance,
    }


def describe_domain(planner):
    return {"domain": {"kind": "mahalanobis", "threshold": round(float(planner.domain.threshold), 4)}} if planner.domain else {}


def write_manifest(family, graphs, folder):
    manifest = describe_family(family, graphs)
    manifest["files"] = list_files(folder, manifest)
    write_json_manifest(manifest, folder)
    return manifest


def write_json_manifest(manifest, folder):
    (Path(folder) / "manifest.json").write_text(json.dumps(manifest, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
