"""Export a model family: diffusers and transformers folders -> ONNX graphs + manifest.json.

    python export.py --family tiny --out ../tests/golden/tiny
    python export.py --family mini --runs runs/mini --out ../models/mini
"""

import argparse
from pathlib import Path

HERE = Path(__file__).parent


def main(argv=None):
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--family", required=True, help="id of the family; `tiny` is made of random weights")
    parser.add_argument("--runs", type=Path, help="runs folder of the trained tasks (default: runs/FAMILY)")
    parser.add_argument("--out", type=Path, required=True, help="family folder to write")
    parser.add_argument("--release", default="0.1.0", help="version written into the manifest")
    args = parser.parse_args(argv)
    from moodifier_train.export.family import export_family, load_family
    from moodifier_train.export.tiny import tiny_family

    family = tiny_family() if args.family == "tiny" else load_family(args.runs or HERE / "runs" / args.family, args.family, args.release)
    export_family(family, args.out)


if __name__ == "__main__":
    main()
