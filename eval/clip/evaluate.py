"""Zero-shot emotion and retrieval of CLIP folders on picture sets; writes JSON, Markdown and a figure. The last line printed is the JSON's path.

python evaluate.py --model [NAME=]FOLDER ... --set READER=FOLDER ... --out FILE_STEM [--count N] [--device cuda]

The same NAME several times: seeds of one variant. The first variant is the one that the others are compared with.
"""

import argparse
import json
import platform
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parents[1] / "training"))

from clip_folder import ClipFolder  # noqa: E402
from figure import as_svg  # noqa: E402
from measure import EMOTION_PROMPT, FOLDS, measure  # noqa: E402
from sets import READERS  # noqa: E402
from sets.picture_set import DataError  # noqa: E402
from tables import as_markdown  # noqa: E402


def named(text):
    name, equals, folder = text.partition("=")
    return (name, Path(folder)) if equals else (Path(text).name, Path(text))


def read_sets(items, count):
    sets = []
    for reader, folder in items:
        if reader not in READERS:
            raise SystemExit(f"--set {reader}: expected one of {', '.join(READERS)}")
        try:
            sets.append(READERS[reader](folder).some(count))
        except DataError as error:
            raise SystemExit(str(error)) from None
    return sets


def evaluate(models, sets, device="cpu"):
    """`models`: (variant, folder) pairs; `sets`: PictureSets. -> the result as plain data."""
    result = {"prompt": EMOTION_PROMPT, "folds": FOLDS, "models": {}, "sets": {}}
    for variant, folder in models:
        clip = ClipFolder(folder, device)
        result["models"].setdefault(variant, []).append({"folder": str(folder), "digest": clip.digest})
        for pictures in sets:
            entry = result["sets"].setdefault(pictures.name, {"origin": pictures.origin, "variants": {}})
            entry["variants"].setdefault(variant, []).append(measure(clip, pictures))
            print(f"{variant} {folder}: {pictures.name}", flush=True)
    return result


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", action="append", required=True, type=named, metavar="[NAME=]FOLDER")
    parser.add_argument("--set", action="append", required=True, type=named, metavar="READER=FOLDER")
    parser.add_argument("--count", type=int, help="at most so many pictures of a set")
    parser.add_argument("--out", required=True, type=Path, help="results go to OUT.json, OUT.md and OUT.svg")
    parser.add_argument("--device", default="cpu")
    args = parser.parse_args()
    sets = read_sets(args.set, args.count)
    commit = subprocess.run(["git", "rev-parse", "--short", "HEAD"], cwd=HERE, capture_output=True, text=True).stdout.strip() or "unknown"
    result = {"commit": commit, "machine": f"{platform.machine()} {platform.system()}, {args.device}", **evaluate(args.model, sets, args.device)}
    args.out.parent.mkdir(parents=True, exist_ok=True)
    args.out.with_suffix(".json").write_text(json.dumps(result, indent=2) + "\n")
    args.out.with_suffix(".md").write_text(as_markdown(result))
    args.out.with_suffix(".svg").write_text(as_svg(result))
    print(args.out.with_suffix(".json"))


if __name__ == "__main__":
    main()
