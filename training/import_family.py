"""Import a Stable-Diffusion-1.5-shaped model as a family: diffusers and CLIP folders -> ONNX graphs + manifest.json.

    python import_family.py --from LCM_Dreamshaper_v7 --clip clip-vit-large-patch14 --out ../models/dreamshaper
"""

import argparse
import sys
from datetime import date
from pathlib import Path

FAMILIES = ("sd15",)


def main(argv=None):
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--from", dest="source", type=Path, required=True, help="diffusers folder, or a single-file checkpoint of Stable Diffusion 1.x")
    parser.add_argument("--clip", type=Path, required=True, help="transformers CLIP folder: CLIP-L/14, Long-CLIP-L or MoodifyCLIP-L")
    parser.add_argument("--segmenter", type=Path, help="transformers SAM folder; without one masks are boxes")
    parser.add_argument("--family", choices=FAMILIES, default="sd15")
    parser.add_argument("--precision", choices=("fp32", "fp16", "int8"), default="fp16", help="fp16: stored in half, with a float16 variant for GPUs; int8: stored in half, with an int8 variant for CPUs")
    parser.add_argument("--text-tower", choices=("clip", "diffusers"), default="clip", help="whose text states condition the denoiser")
    parser.add_argument("--calibration", type=Path, help="folder of pictures (and captions as NAME.txt) for int8")
    parser.add_argument("--licence", help="licence of the diffusion weights, when their README does not say")
    parser.add_argument("--clip-licence", help="licence of the CLIP weights")
    parser.add_argument("--segmenter-licence", help="licence of the segmenter's weights")
    parser.add_argument("--accept-licence", action="store_true", help="the licences were read and allow the use")
    parser.add_argument("--release", default="1.0.0", help="version written into the manifest")
    parser.add_argument("--skip-check", action="store_true", help="do not compare every graph with PyTorch (needs the weights twice in memory)")
    parser.add_argument("--out", type=Path, required=True, help="family folder to write; its name is the family's id")
    args = parser.parse_args(argv)
    from moodifier_train.importing.licence import read_licence
    from moodifier_train.importing.production import Order, write_family
    from moodifier_train.importing.refusal import ImportRefused
    from moodifier_train.importing.sam import read_segmenter
    from moodifier_train.importing.sources import read_clip, read_diffusion

    try:
        stated = [(args.source, args.licence), (args.clip, args.clip_licence), *([(args.segmenter, args.segmenter_licence)] if args.segmenter else [])]
        licences = [read_licence(folder, licence, args.accept_licence) for folder, licence in stated]
        provenance = {"imported": date.today().isoformat(), "precision": args.precision, "textTower": args.text_tower, "sources": {folder.name: licence for (folder, _), licence in zip(stated, licences)}}
        order = Order(
            id=args.out.resolve().name, version=args.release, diffusion=read_diffusion(args.source), clip=read_clip(args.clip), segmenter=read_segmenter(args.segmenter) if args.segmenter else None,
            licence=" AND ".join(dict.fromkeys(licences)), precision=args.precision, tower=args.text_tower, calibration=args.calibration, check=not args.skip_check, provenance=provenance,
        )  # fmt: skip
        write_family(order, args.out)
    except ImportRefused as refusal:
        print(f"import refused: {refusal}", file=sys.stderr)
        return 2
    print(f"{args.out}: imported; start the services with MOODIFIER_MODEL_DIR={args.out} and a chat server as planner")
    return 0


if __name__ == "__main__":
    sys.exit(main())
