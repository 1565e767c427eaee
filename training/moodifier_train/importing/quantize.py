"""Adds a denoiser in another arithmetic to a family: float16 for GPUs, or int8 for CPUs, calibrated on real edits.

    python -m moodifier_train.importing.quantize --model ../models/mini --out /tmp/mini-int8 --precision int8 --calibration DIR
"""

import argparse
import json
import shutil
from pathlib import Path

from ..export.manifest import list_files, write_json_manifest
from ..export.onnx_graph import open_session
from .calibration import calibration_feeds
from .precision import drift, layer_drift, write_half_compute, write_int8


def add_variant(folder, manifest, precision, pictures=None):
    """Writes the variant's files beside the denoiser and its entry and drift into `manifest` (not to disk). Returns the feeds used."""
    entry, folder = manifest["graphs"]["denoiser"], Path(folder)
    feeds = calibration_feeds(folder, manifest, pictures)
    variant = write_half_compute(folder, entry) if precision == "fp16" else write_int8(folder, entry, feeds)
    entry["variants"] = {**entry.get("variants", {}), precision: variant}
    reference, other = open_session(folder / entry["file"]), open_session(folder / variant["file"])
    manifest["provenance"].setdefault("drift", {})[precision] = drift(reference, other, feeds[:: max(1, len(feeds) // 8)])
    manifest["provenance"]["calibration"] = Path(pictures).name if pictures else "noise"
    return feeds


def main(argv=None):
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", type=Path, required=True, help="family folder")
    parser.add_argument("--out", type=Path, required=True, help="family folder to write: a copy with the variant")
    parser.add_argument("--precision", choices=("fp16", "int8"), default="int8")
    parser.add_argument("--calibration", type=Path, help="folder of pictures (and captions as NAME.txt); noise without one")
    parser.add_argument("--layers", type=int, default=0, help="also print this many layers with the largest drift")
    args = parser.parse_args(argv)
    shutil.copytree(args.model, args.out, dirs_exist_ok=True)
    manifest = json.loads((args.out / "manifest.json").read_text())
    feeds = add_variant(args.out, manifest, args.precision, args.calibration)
    manifest["files"] = list_files(args.out, manifest)
    write_json_manifest(manifest, args.out)
    entry = manifest["graphs"]["denoiser"]
    print(json.dumps({"precision": args.precision, "drift": manifest["provenance"]["drift"][args.precision], "feeds": len(feeds)}))
    for operator, name, error in layer_drift(args.out / entry["file"], args.out / entry["variants"][args.precision]["file"], feeds[0])[: args.layers] if args.layers else []:
        print(f"{operator:8} {name:10} {error:.4f}")


if __name__ == "__main__":
    main()
