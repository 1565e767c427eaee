import json
import os
import signal
from types import SimpleNamespace

import pytest
import torch
from torch import nn

from moodifier_train.loop import learning_rate, train

CONFIG = {"steps": 6, "batch": 4, "lr": 0.05, "warmup": 2, "seed": 5, "ema": 0.9}


class Line:
    """Fit y = 2 x + 1; `stop_at` sends this process a SIGTERM while that step is computed."""

    def __init__(self, stop_at=None):
        torch.manual_seed(0)
        self.model, self.stop_at, self.step = nn.Linear(1, 1), stop_at, 0

    def batch(self, rng, progress):
        self.step += 1
        if self.step == self.stop_at:
            os.kill(os.getpid(), signal.SIGTERM)
        x = torch.from_numpy(rng.normal(size=(4, 1))).float()
        return {"x": x, "y": 2 * x + 1}

    def losses(self, batch):
        noise = torch.randn(4, 1) * 0.01
        return {"square_loss": (self.model(batch["x"] + noise) - batch["y"]).square().mean(), "noise": noise.mean()}

    def evaluate(self):
        return {"weight": self.model.weight.item()}

    def save(self, folder):
        folder.mkdir(exist_ok=True)
        torch.save(self.model.state_dict(), folder / "line.pt")


@pytest.fixture(autouse=True)
def signals():
    kept = {name: signal.getsignal(name) for name in (signal.SIGTERM, signal.SIGINT)}
    yield
    for name, handler in kept.items():
        signal.signal(name, handler)


@pytest.mark.parametrize("optimizer", ["adamw", "muon"])
def test_a_stopped_run_goes_on_to_the_same_weights(tmp_path, optimizer):
    config = CONFIG | {"optimizer": optimizer}
    train(Line(), config, tmp_path / "whole")
    with pytest.raises(SystemExit):
        train(Line(stop_at=3), config, tmp_path / "cut")
    assert not (tmp_path / "cut" / "model").exists()
    train(Line(), config, tmp_path / "cut")
    whole, cut = (torch.load(tmp_path / name / "model" / "line.pt", weights_only=True) for name in ("whole", "cut"))
    assert all(torch.equal(whole[k], cut[k]) for k in whole)


def test_writes_metrics_and_leaves_no_partial_checkpoint(tmp_path):
    train(Line(), CONFIG, tmp_path)
    lines = [json.loads(line) for line in (tmp_path / "metrics.jsonl").read_text().splitlines()]
    assert lines[0]["kind"] == "train" and lines[-1]["kind"] == "eval" and lines[-1]["step"] == 6
    assert json.loads((tmp_path / "metrics.json").read_text())["metrics"]["steps"] == 6
    assert not list(tmp_path.glob("*.part"))


def test_learning_rate_warms_up_then_falls():
    assert learning_rate(1.0, 0, 0.0, 10) == pytest.approx(0.1)
    assert learning_rate(1.0, 100, 0.5, 10) == pytest.approx(0.505)
    assert learning_rate(1.0, 100, 1.0, 10) == pytest.approx(0.01)


def test_half_precision_scales_its_loss_and_goes_on_with_the_scale(tmp_path):
    half = CONFIG | {"fp16": True, "steps": 12}
    train(Line(), half, tmp_path / "whole")
    with pytest.raises(SystemExit):
        train(Line(stop_at=9), half, tmp_path / "cut")
    scale = torch.load(tmp_path / "cut" / "checkpoint.pt", weights_only=True)["scaler"]["scale"]
    assert 1 < scale < 65536  # the first gradients overflow, which costs these steps and halves the scale
    train(Line(), half, tmp_path / "cut")
    whole, cut = (torch.load(tmp_path / name / "model" / "line.pt", weights_only=True) for name in ("whole", "cut"))
    assert all(torch.equal(whole[k], cut[k]) and whole[k].isfinite().all() for k in whole)
    torch.manual_seed(0)
    assert not whole["weight"].equal(nn.Linear(1, 1).weight)


def test_both_precisions_at_once_are_refused(tmp_path):
    with pytest.raises(SystemExit, match="bf16 or fp16"):
        train(Line(), CONFIG | {"fp16": True, "bf16": True}, tmp_path)


def test_epochs_become_steps_of_the_training_pictures(tmp_path):
    task = Line()
    task.world = SimpleNamespace(train=range(10))
    train(task, {name: value for name, value in CONFIG.items() if name != "steps"} | {"epochs": 2}, tmp_path)
    assert json.loads((tmp_path / "metrics.json").read_text())["metrics"]["steps"] == 5
