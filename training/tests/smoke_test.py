import resource
import subprocess
import sys
from pathlib import Path

import pytest

TRAIN = Path(__file__).resolve().parents[1] / "train.py"


def run(*args, timeout=400):
    return subprocess.run([sys.executable, TRAIN, *args], capture_output=True, text=True, timeout=timeout)


def test_all_tasks_smoke_in_under_two_minutes():
    before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime
    done = run("all", "--smoke")
    assert done.returncode == 0, done.stderr[-2000:]
    assert done.stdout.count("kind eval") == 6 and "wrote" in done.stdout
    seconds = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime - before  # of CPU, so that other load does not count
    assert seconds < 120


@pytest.mark.parametrize(
    "args, message",
    [
        (("clip", "--set", "bach=3"), "bach: unknown option"),
        (("vae", "--data", "/nonexistent"), "expected a moodworld-raw folder"),
    ],
)
def test_mistakes_are_named(args, message):
    done = run(*args)
    assert done.returncode == 1 and message in done.stderr and "Traceback" not in done.stderr
