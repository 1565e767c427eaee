"""MODEL_CARD.md of a family: sizes from the exported files, figures from the runs' metrics, limits in plain words."""

from pathlib import Path

from ..models.domain import QUANTILE

TASKS = {
    "vae": "picture autoencoder", "clip": "MoodifyCLIP text and vision towers", "unet": "denoiser",
    "planner": "planner (vision tower, projector, causal decoder)", "segmenter": "promptable segmenter",
}  # fmt: skip

TEMPLATE = """# Model card: {id} {version}

A small model family that edits the emotion of drawn faces. Licence: {licence}. Read by the services through `manifest.json`, which holds the
contract of every graph and the sha256 of every file. Written by `training/export.py`; do not edit by hand.

## What it is
{size} px pictures, latents {channels} x {side} x {side} (factor {factor}, scaling {scaling:.4g}), captions of up to {length} tokens, {steps} steps by default.

| graph | file | MB | weights |
|---|---|---|---|
{graphs}

Weights are rounded to float16 and stored so; ONNX Runtime folds them to float32 at load. Every graph was compared with its PyTorch module at export
(largest absolute deviation {deviation:.1e}).

## Training
Data: MoodWorld faces, rendered by `packages/world`; parts were trained on data sets of their own, told by the digest, some of them in several runs. Every emotion, caption and mask is synthetic; no photograph and no person is in
the data. Configurations, commits and whole digests are in the manifest's `provenance`.

| part | data of the last run | figures on held-out identities |
|---|---|---|
{metrics}

## Use and limits
- Made for drawn avatar faces in the styles of the data set. Photographs and other drawings come out wrong or unchanged. The warning `OUT_OF_DOMAIN` marks pictures whose mean image token lies further from the training pictures' (Mahalanobis) than {passed:.0%} of the held-out ones do; it misses many foreign drawings.
- The emotion labels describe what a drawing conveys to its author's rules. They do not measure what a person feels; do not use the scores to judge people.
- Hair styles, skin tones and garments appear only as the avatar styles offer them.
"""


def write_card(manifest, deviations, folder):
    """Fill the template from a manifest; figures of parts without metrics read "not measured"."""
    metrics = manifest["provenance"].get("metrics", {})
    sources = manifest["provenance"].get("sources", {})
    rows = [f"| {title} | `{sources.get(task, {}).get('dataDigest', 'unknown')[:12]}` | {figures(metrics.get(task))} |" for task, title in TASKS.items()]
    graphs = [f"| {role} | `{g['file']}` | {manifest['files'][g['file']]['bytes'] / 1e6:.2f} | {g['storage']} |" for role, g in manifest["graphs"].items()]
    latent, size = manifest["latent"], manifest["image"]["size"]
    text = TEMPLATE.format(
        passed=QUANTILE, id=manifest["id"], version=manifest["version"], licence=manifest["licence"], size=size, channels=latent["channels"], side=size // latent["factor"], factor=latent["factor"],
        scaling=latent["scalingFactor"], length=manifest["text"]["maxLength"], steps=manifest["defaults"]["steps"], graphs="\n".join(graphs), metrics="\n".join(rows),
        deviation=max(deviations.values()),
    )  # fmt: skip
    (Path(folder) / "MODEL_CARD.md").write_text(text, encoding="utf-8")


def figures(values):
    if not values:
        return "not measured"
    return ", ".join(f"{name.replace('_', ' ')} {value:.4g}" for name, value in values.items())
