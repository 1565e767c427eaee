"""Two ranks on one machine, as torchrun starts them (gloo), against one rank with the same pictures."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from transformers import CLIPModel

TRAIN = Path(__file__).resolve().parents[1] / "train.py"
TORCHRUN = ("-m", "torch.distributed.run", "--nproc-per-node", "2", "--rdzv-backend", "c10d", "--rdzv-endpoint", "127.0.0.1:0")
SMALL = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 64}
TINY = {"minutes": 0, "steps": 3, "log_s": 0, "lr": 0.001, "warmup": 1, "full_share": 1, "stimuli_share": 1, "projection": 16, "text": SMALL, "vision": {"image_size": 64, "patch_size": 16, **SMALL}}


def train(runs, data, batch, launcher=()):
    sets = [word for name, value in {**TINY, "batch": batch}.items() for word in ("--set", f"{name}={json.dumps(value)}")]
    command = [sys.executable, *launcher, TRAIN, "clip", "--data", data, "--runs", runs, "--threads", "1", *sets]
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True, timeout=3600)
    assert done.returncode == 0, done.stderr[-3000:]
    return [json.loads(line) for line in (runs / "clip" / "metrics.jsonl").read_text().splitlines()]


def weights(runs):
    """All of them but the biases of the keys, which no output depends on, so that their gradients are noise."""
    return torch.cat([w.flatten() for name, w in CLIPModel.from_pretrained(runs / "clip" / "model").state_dict().items() if not name.endswith("k_proj.bias")])


def test_two_ranks_of_a_batch_are_one_rank_of_twice_the_batch(faces, tmp_path):
    two, one = train(tmp_path / "two", faces, 4, TORCHRUN), train(tmp_path / "one", faces, 8)
    assert [line["kind"] for line in two] == ["train"] * 3 + ["eval"]  # one rank alone writes
    for ours, alone in zip(two[:3], one[:3]):
        for name in ("full_loss", "short_loss", "fg_loss", "ot_loss", "full_chance", "fg_chance", "grad_norm", "logit_scale"):
            assert ours[name] == pytest.approx(alone[name], rel=2e-3), (name, ours["step"])
    ours, alone = weights(tmp_path / "two"), weights(tmp_path / "one")
    torch.manual_seed(1)
    assert (ours - alone).norm() < 0.01 * alone.norm() and ours.isfinite().all()
    assert json.loads((tmp_path / "two" / "family.json").read_text())["provenance"]["configs"]["clip"]["seed"] == 1


def test_tasks_that_know_one_process_refuse_several_and_a_missing_gpu_is_named(faces, tmp_path, monkeypatch):
    monkeypatch.setenv("RANK", "0")
    import train as command

    with pytest.raises(SystemExit, match="segmenter: runs on the CPU in one process"):
        command.main(["segmenter", "--data", str(faces), "--runs", str(tmp_path)])
    monkeypatch.delenv("RANK")
    if not torch.cuda.is_available():
        with pytest.raises(SystemExit, match="torch sees no GPU"):
            command.main(["clip", "--data", str(faces), "--runs", str(tmp_path), "--set", "device=cuda"])
