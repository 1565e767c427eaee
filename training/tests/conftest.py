"""Tests import the package beside them and share one small made data set."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from moodifier_train.data.synthetic import make_synthetic  # noqa: E402


def pytest_addoption(parser):
    parser.addoption("--slow", action="store_true", help="also what needs many GB of memory or minutes")


def pytest_configure(config):
    config.addinivalue_line("markers", "slow: runs only with --slow")


def pytest_collection_modifyitems(config, items):
    for item in items:
        if "slow" in item.keywords and not config.getoption("--slow"):
            item.add_marker(pytest.mark.skip(reason="runs only with --slow"))


@pytest.fixture(scope="session")
def faces(tmp_path_factory):
    """Folder of a synthetic moodworld-raw data set: 6 pairs at 64 px."""
    return make_synthetic(tmp_path_factory.mktemp("faces"), pairs=6, size=64)
