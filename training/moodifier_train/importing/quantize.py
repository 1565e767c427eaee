"""Adds a denoiser in another arithmetic to a family: float16 for GPUs, or int8 for CPUs, calibrated on real edits.

    python -m moodifier_train.importing.quantize --model ../models/mini --out /tmp/mini-int8 --precision int8 --calibration DIR
"""

import argparse
import json
import shutil
from pathlib import Path

import numpy as np

from ..export.manifest import list_files, write_json_manifest
from ..export.onnx_graph import open_session
from ..export.served_edit import served_edit
from .calibration import calibration_feeds, clean_latents, edit_inputs
from .precision import drift, layer_drift, write_half_compute, write_int8


def add_variant(folder, manifest, precision, pictures=None):
    """Writes the variant's files beside the denoiser and its entry and drift into `manifest` (not to disk). Returns the feeds used."""
    entry, folder = manifest["graphs"]["denoiser"], Path(folder)
    feeds = calibration_feeds(folder, manifest, pictures)
    variant = write_half_compute(folder, entry) if precision == "fp16" else write_int8(folder, entry, feeds)
    entry["variants"] = {**entry.get("variants", {}), precision: variant}
    reference, other = open_session(folder / entry["file"]), open_session(folder / variant["file"])
    found = drift(reference, other, feeds[:: max(1, len(feeds) // 8)])
    manifest["provenance"].setdefault("drift", {})[precision] = found | {"edit": edit_drift(folder, manifest, reference, other, pictures)}
    manifest["provenance"]["calibration"] = Path(pictures).name if pictures else "noise"
    return feeds


def edit_drift(folder, manifest, reference, other, pictures, steps=8):
    """Root mean square of the final latents' difference relative to what the edit changes, for one picture."""
    x0, caption = next(iter(clean_latents(folder, manifest, pictures, 1)))
    inputs, layers = edit_inputs(folder, manifest, x0, caption, seed=5, steps=steps), manifest["graphs"]["denoiser"]["inputs"]["self_q"]["dims"][0]
    a, b = (served_edit(session, layers, inputs, manifest["noiseSchedule"])[0] for session in (reference, other))
    return float(np.sqrt(np.mean((a - b) ** 2) / (np.mean((a - x0.numpy()) ** 2) + 1e-12)))


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
