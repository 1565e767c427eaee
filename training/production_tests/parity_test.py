"""The slow suite: full-size random weights against eager diffusers and transformers. Run by `npm run test:production`.

MOODIFIER_PRODUCTION_SIZE (full), MOODIFIER_PRODUCTION_SIDE (32 cells = 256 px; 64 needs 20 GiB) and MOODIFIER_PRODUCTION_STEPS (12).
"""

import os
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from moodifier_train.importing.parity import main  # noqa: E402

TOLERANCE = {"schedule": 1e-5, "text": 1e-4, "vae": 1e-3, "unet": 1e-3}
EDIT_TOLERANCE = 1e-2


@pytest.fixture(scope="module")
def report():
    options = {"--size": "SIZE", "--side": "SIDE", "--steps": "STEPS"}
    given = [(flag, os.environ.get(f"MOODIFIER_PRODUCTION_{name}")) for flag, name in options.items()]
    return main([part for flag, value in given if value for part in (flag, value)])


@pytest.mark.parametrize("part", TOLERANCE)
def test_exported_graphs_equal_their_eager_models(report, part):
    for name, difference in report["differences"][part].items():
        assert difference < (EDIT_TOLERANCE if name.endswith("edit") else TOLERANCE[part]), name


def test_every_control_does_something(report):
    for name, effect in report["effect of control"].items():
        assert effect > 100 * report["differences"]["unet"][name], name


def test_guidance_embedding_zero_is_none(report):
    assert report["guidance embedding zero against none"] < 1e-6


def test_memory(report):
    """The importer's machine: the weights twice in memory, and what the export and the maps take."""
    assert report["peak GiB"] < 16
