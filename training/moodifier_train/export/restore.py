"""An exported family -> the runs folder it came from, so that anyone can train on from the shipped weights.

The graphs hold every weight, but under short names and sometimes transposed. So each module is built again with random weights and exported
once more: where a random weight turns up in that graph, the trained one lies in the shipped graph.
"""

import json
from pathlib import Path

import numpy as np
import onnx
import torch
from onnx import numpy_helper
from transformers import CLIPVisionConfig, CLIPVisionModel

from ..data.clip_tokenizer import adopt_clip_tokenizer
from ..models.clip import make_clip, save_clip
from ..models.domain import Domain
from ..models.planner import Planner, make_decoder
from ..models.segmenter import Segmenter
from ..models.unet import make_unet, save_unet
from ..models.vae import make_vae
from .family import family_graphs, load_family
from .onnx_graph import trace_graph


def restore_family(folder, runs):
    """Write RUNS/TASK/model of the five tasks, RUNS/tokenizer and RUNS/family.json from the family in `folder`; returns the names of weights that no graph holds.

    The weights are those of the graphs, rounded to float16 as they were stored. Raises SystemExit when the manifest does not say how the models were made.
    """
    folder, runs = Path(folder), Path(runs)
    manifest = json.loads((folder / "manifest.json").read_text())
    configs = manifest.get("provenance", {}).get("configs", {})
    missing = [task for task in ("vae", "clip", "unet", "planner", "segmenter") if task not in configs]
    if missing:
        raise SystemExit(f"{folder}/manifest.json: expected provenance.configs of all five tasks, {', '.join(missing)} missing; only a family trained here can be restored")
    write_random_models(manifest, configs, folder, runs)
    family = load_family(runs, manifest["id"], manifest["version"])
    graphs = family_graphs(family)
    read = {id(weight) for graph in graphs for weight in read_weights(graph, folder / f"{graph.role}.onnx")}
    with torch.no_grad():
        family.clip.logit_scale.fill_(float(np.log(manifest["text"]["logitScale"])))
        if family.planner.domain:
            family.planner.domain.threshold.fill_(manifest["planner"]["domain"]["threshold"])
    save_models(family, runs)
    return sorted({f"{graph.role}.{name}" for graph in graphs for name, weight in graph.module.named_parameters() if id(weight) not in read})


def write_random_models(manifest, configs, folder, runs):
    """The runs folder with models of the family's sizes and random weights, no two of which are equal."""
    torch.manual_seed(0)
    tokenizers = {kind: runs / "tokenizer" / kind for kind in ("clip", "planner")}
    for kind, target in tokenizers.items():
        target.mkdir(parents=True, exist_ok=True)
        for name in ("vocab.json", "merges.txt"):
            (target / name).write_bytes((folder / "tokenizer" / kind / name).read_bytes())
    adopt_clip_tokenizer(folder / "tokenizer" / "clip", tokenizers["clip"])
    clip, pixels = configs["clip"], manifest["image"]["clip"]
    models = {"clip": make_clip(clip["text"], clip["vision"], clip["projection"]), "vae": make_vae(**configs["vae"]["vae"])}
    models["unet"] = make_unet(configs["unet"]["channels"], configs["unet"]["heads"], manifest["denoiser"]["crossWidth"], configs["unet"]["groups"])
    models["planner"] = Planner(CLIPVisionModel(CLIPVisionConfig(projection_dim=clip["projection"], **clip["vision"])), make_decoder(configs["planner"]["decoder"], configs["planner"]["vocabulary"]))
    if "domain" in manifest["planner"]:
        models["planner"].domain = Domain(models["planner"].decoder.config.hidden_size)
    cut = configs["segmenter"]
    models["segmenter"] = Segmenter(tuple(cut["channels"]), len(manifest["image"]["segmenter"]["labels"]), cut.get("fold", 1))
    with torch.no_grad():
        for model in models.values():
            for parameter in model.parameters():
                parameter.uniform_(-0.1, 0.1)
    latents = {"scaling_factor": manifest["latent"]["scalingFactor"], "prediction": manifest["noiseSchedule"]["prediction"]}
    save_clip(models["clip"], tokenizers["clip"], runs / "clip" / "model", pixels["mean"], pixels["std"])
    save_unet(models["unet"], runs / "unet" / "model", latents)
    for task in ("vae", "planner", "segmenter"):
        models[task].save_pretrained(runs / task / "model")
    settings = {"scalingFactor": latents["scaling_factor"], "segmenterSize": manifest["image"]["segmenter"]["size"], "labels": manifest["planner"]["labels"], "provenance": manifest["provenance"]}
    (runs / "family.json").write_text(json.dumps(settings, indent=2) + "\n")


def read_weights(graph, path):
    """Overwrite the random weights of `graph.module` that the graph file `path` holds, and return those parameters."""
    shipped, read = stored_tensors(onnx.load(path)), []
    places = {value.tobytes(): name for name, value in stored_tensors(trace_graph(graph)).items()}
    with torch.no_grad():
        for parameter in graph.module.parameters():
            value = parameter.numpy()
            here, turned = places.get(value.tobytes()), places.get(np.ascontiguousarray(value.T).tobytes())
            if here or turned:
                found = shipped[here or turned]
                found = found.reshape(value.shape) if here else found.reshape(value.T.shape).T
                parameter.copy_(torch.from_numpy(np.ascontiguousarray(found)))
                read.append(parameter)
    return read


def stored_tensors(model):
    """{value name: float32 array} of every float initializer and constant, those stored as float16 under the name that their Cast gives them."""
    graph = model.graph
    tensors = {t.name: t for t in graph.initializer}
    tensors |= {n.output[0]: n.attribute[0].t for n in graph.node if n.op_type == "Constant" and n.attribute[0].name == "value"}
    for node in graph.node:
        if node.op_type == "Cast" and node.input[0] in tensors:
            tensors[node.output[0]] = tensors.pop(node.input[0])
    arrays = {name: numpy_helper.to_array(tensor) for name, tensor in tensors.items()}
    return {name: value.astype(np.float32) for name, value in arrays.items() if value.dtype.kind == "f"}


def save_models(family, runs):
    family.clip.save_pretrained(runs / "clip" / "model")
    family.unet.save_pretrained(runs / "unet" / "model")
    for task, model in (("vae", family.vae), ("planner", family.planner), ("segmenter", family.segmenter)):
        model.save_pretrained(runs / task / "model")
