"""Write every golden of tests/golden anew (shapes: tests/golden/README.md); the same bytes each time.

    python golden.py
    python golden.py --runs runs/mini      only edit-loop-mini: the 12-step edit of the trained denoiser
"""

import argparse
from pathlib import Path

HERE = Path(__file__).parent


def main(argv=None):
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=HERE.parent / "tests" / "golden")
    parser.add_argument("--clip-tokenizer", default="models/mini/tokenizer/clip", help="vocabulary for the CLIP tokenizer golden, from the repository root")
    parser.add_argument("--runs", type=Path, help="runs folder of a trained family, named by its folder")
    args = parser.parse_args(argv)
    import torch

    from moodifier_train.export import golden_edit, golden_math, golden_text
    from moodifier_train.export.family import load_family
    from moodifier_train.export.tiny import tiny_family

    torch.set_num_threads(1)
    out, vocabulary = args.out, HERE.parent / args.clip_tokenizer
    out.mkdir(parents=True, exist_ok=True)
    if args.runs:
        family = load_family(args.runs, args.runs.name, "")
        return golden_edit.write_edit_loop(out, family, f"edit-loop-{family.id}", [golden_edit.TWELVE])
    golden_math.write_philox(out)
    golden_math.write_schedule(out)
    golden_math.write_aligner(out)
    golden_math.write_ddcm(out)
    golden_text.write_clip_tokenizer(out, vocabulary, args.clip_tokenizer)
    family = tiny_family()
    golden_text.write_byte_bpe(out, family.tokenizers["planner"])
    golden_text.write_segments(out, family.tokenizers["planner"])
    golden_text.write_decode(out, family)
    golden_edit.write_text_encoder(out, family)
    golden_edit.write_edit_loop(out, family)
    golden_edit.write_trajectories(out, family)


if __name__ == "__main__":
    main()
