"""The reference code behind the goldens, the goldens themselves, and the served loop (pruned rows, ONNX Runtime) against them."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from diffusers import LCMScheduler

from moodifier_train.export import golden_math
from moodifier_train.export.align import align_tokens
from moodifier_train.export.manifest import SCHEDULE, digest
from moodifier_train.export.onnx_graph import open_session
from moodifier_train.export.random import gaussian_noise
from moodifier_train.export.reference_edit import EditInputs
from moodifier_train.export.schedule import alphas_cumprod, lcm_timesteps
from moodifier_train.export.served_edit import served_edit

GOLDEN = Path(__file__).parents[2] / "tests" / "golden"


def golden(name):
    return json.loads((GOLDEN / f"{name}.json").read_text())


@pytest.mark.parametrize("write", ["philox", "schedule", "aligner", "ddcm"])
def test_goldens_are_written_the_same_again(tmp_path, write):
    getattr(golden_math, f"write_{write}")(tmp_path)
    for path in tmp_path.iterdir():
        assert path.read_bytes() == (GOLDEN / path.name).read_bytes(), f"{path.name}: run training/golden.py and look at the difference"


def test_philox_known_answers():
    """From the Random123 distribution's kat_vectors, philox4x32 10 rounds."""
    known = [word["output"] for word in golden("philox")["words"][:3]]
    assert [[f"{w:08x}" for w in row] for row in known] == [
        ["6627e8d5", "e169c58d", "bc57ac4c", "9b00dbd8"],
        ["408f276d", "41c83b0e", "a20bc7c6", "6d5451fd"],
        ["d16cfe09", "94fdcceb", "5001e420", "24126ea1"],
    ]


def test_noise_is_normal():
    values = gaussian_noise(3, 1, (100_000,))
    assert abs(values.mean()) < 0.01 and abs(values.std() - 1) < 0.01


@pytest.mark.parametrize("steps", [1, 4, 8, 12, 15, 50])
def test_schedule_equals_diffusers(steps):
    scheduler = LCMScheduler(beta_start=SCHEDULE["betaStart"], beta_end=SCHEDULE["betaEnd"], beta_schedule="scaled_linear")
    scheduler.set_timesteps(steps, original_inference_steps=50)
    assert scheduler.timesteps.tolist() == lcm_timesteps(steps, SCHEDULE)
    assert np.abs(scheduler.alphas_cumprod.numpy() - alphas_cumprod(SCHEDULE)).max() < 1e-5


def test_aligner_marks_new_tokens():
    mapper, alpha = align_tokens([0, 5, 6, 7, 1], [0, 5, 9, 7, 1], 8)
    assert mapper.tolist() == [0, 1, -1, 3, 4, 5, 6, 7]
    assert alpha.tolist() == [1, 1, 0, 1, 1, 1, 1, 1]


def test_manifest_digests_of_the_tiny_family():
    manifest = golden("tiny/manifest")
    for path, entry in manifest["files"].items():
        assert digest(GOLDEN / "tiny" / path) == entry["sha256"], path
    assert {g["file"] for g in manifest["graphs"].values()} <= set(manifest["files"])


@pytest.mark.parametrize("number", range(4))
def test_served_loop_equals_the_eager_reference(number):
    loop, manifest = golden("edit-loop"), golden("tiny/manifest")
    values, case = np.fromfile(GOLDEN / "edit-loop.bin", "<f4"), loop["cases"][number]

    def array(kind):
        entry = loop["arrays"][case[kind]]
        return torch.from_numpy(values[entry["offset"] : entry["offset"] + int(np.prod(entry["dims"]))].reshape(entry["dims"]).copy())

    inputs = EditInputs(
        *(array(kind) for kind in ("x0", "textEmpty", "textSource", "textTarget")), case["sourceTokens"], case["targetTokens"], array("mask"),
        int(case["seed"]), case["steps"], case["guidanceScale"], case["crossReplace"], case["selfReplace"],
    )  # fmt: skip
    final, targets = served_edit(open_session(GOLDEN / "tiny" / "denoiser.onnx", 1), manifest["denoiser"]["layers"], inputs, manifest["noiseSchedule"])
    for target, step in zip(targets, case["trace"], strict=True):
        assert abs(target.mean() - step["target"]["mean"]) < loop["tolerance"]
        assert abs(target.std() - step["target"]["std"]) < loop["tolerance"]
    assert np.abs(final - array("finalX0").numpy()).max() < loop["tolerance"]
    kept = inputs.mask.numpy()[0, 0] == 0
    assert np.array_equal(final[:, :, kept], inputs.x0.numpy()[:, :, kept])
