"""The shipped family comes back as models that compute what its graphs compute."""

import json
from pathlib import Path

import pytest
import torch

from moodifier_train.export.family import family_graphs, load_family
from moodifier_train.export.onnx_graph import compare
from moodifier_train.export.restore import restore_family

torch.set_num_threads(1)
MINI = Path(__file__).parents[2] / "models" / "mini"


def test_the_shipped_family_comes_back(tmp_path):
    absent = restore_family(MINI, tmp_path / "runs")
    assert absent == ["planner_vision.vision.post_layernorm.bias", "planner_vision.vision.post_layernorm.weight"]
    family = load_family(tmp_path / "runs", "mini", "0.1.0")
    assert family.clip.logit_scale.exp().item() == pytest.approx(json.loads((MINI / "manifest.json").read_text())["text"]["logitScale"], rel=1e-5)
    for graph in family_graphs(family):
        assert compare(graph, MINI / f"{graph.role}.onnx") < 1e-4


def test_a_family_without_its_configurations_is_refused(tmp_path):
    (tmp_path / "manifest.json").write_text(json.dumps({"provenance": {"configs": {"vae": {}}}}))
    with pytest.raises(SystemExit, match="clip, unet, planner, segmenter missing"):
        restore_family(tmp_path, tmp_path / "runs")
