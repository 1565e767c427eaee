"""Tests import the package beside them and share one small made data set."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from moodifier_train.data.synthetic import make_synthetic  # noqa: E402


@pytest.fixture(scope="session")
def faces(tmp_path_factory):
    """Folder of a synthetic moodworld-raw data set: 6 pairs at 64 px."""
    return make_synthetic(tmp_path_factory.mktemp("faces"), pairs=6, size=64)
