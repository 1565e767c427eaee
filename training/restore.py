"""Give an exported family back as a runs folder, to train on from the shipped weights without their checkpoints.

    python restore.py --from ../models/mini --runs runs/mini
"""

import argparse
from pathlib import Path

HERE = Path(__file__).parent


def main(argv=None):
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--from", dest="folder", type=Path, default=HERE.parent / "models" / "mini", help="family folder")
    parser.add_argument("--runs", type=Path, default=HERE / "runs" / "mini", help="runs folder to write; must not exist")
    args = parser.parse_args(argv)
    if args.runs.exists():
        raise SystemExit(f"{args.runs}: expected a folder that does not exist yet, so that no training is overwritten")
    from moodifier_train.export.restore import restore_family

    absent = restore_family(args.folder, args.runs)
    print(f"{args.runs}: five models restored; in no graph, hence at random: {', '.join(absent) or 'none'}")


if __name__ == "__main__":
    main()
