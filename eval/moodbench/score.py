"""Scores the edits of edit-pairs.mjs against MoodWorld's truth; writes JSON and Markdown. The last line printed is the JSON.

python score.py --data DIR --edits DIR --out FILE_STEM [--judge FOLDER] [--dino FOLDER]
"""

import argparse
import json
import sys
from pathlib import Path

import numpy as np
import torch

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "training"))

from moodifier_train.data.moodworld import MoodWorld  # noqa: E402
from emotion_judge import EmotionJudge  # noqa: E402
from picture_metrics import changed_outside, inside_distance, outside_metrics  # noqa: E402
from structure import DinoKeys, PatchColours, structure_distance  # noqa: E402

JUDGE = Path(__file__).parent / "judge"
COLUMNS = (
    ("emotion", "Judged emotion % ↑", 1e2), ("emotion_top3", "Among three % ↑", 1e2),
    ("structure", "Structure ×10³ ↓", 1e3), ("psnr", "PSNR outside ↑", 1), ("mse", "MSE outside ×10⁴ ↓", 1e4), ("ssim", "SSIM outside ×10² ↑", 1e2),
    ("changed_px", "Changed px outside its feathered mask ↓", 1), ("inside", "Distance to true edit ×10² ↓", 1e2), ("progress", "Way to the true edit % ↑", 1e2), ("ms", "ms", 1),
)  # fmt: skip


def read_pictures(path, size):
    return np.memmap(path, np.uint8, "r").reshape(-1, size, size, 3)


def as_picture(array):
    """uint8 [H, W, 3] -> float32 [3, H, W] in 0..1."""
    return torch.from_numpy(np.array(array)).permute(2, 0, 1).float() / 255


def true_region(world, source, target):
    """bool [H, W]: where the true edit differs from its source."""
    return torch.from_numpy((world.images[source] != world.images[target]).any(-1))


def reach_of(mask, feather):
    """bool [H, W]: the mask grown by the paste-back's feather, which reaches that many pixels past its border."""
    return torch.nn.functional.max_pool2d(mask[None, None].float(), 2 * feather + 1, 1, feather)[0, 0] > 0


def score_edit(source, edited, truth, region, mask, keys):
    """All figures of one edit. `progress`: 1 at the true edit, 0 for an unchanged picture, negative for one that went elsewhere."""
    outside = outside_metrics(source, edited, region) or {}
    pie = outside_metrics(source, edited, region, "pie") or {}
    inside, untouched = inside_distance(edited, truth, region), inside_distance(source, truth, region)
    return {
        "structure": structure_distance(keys(source), keys(edited)),
        **outside,
        **{f"{name}_pie": value for name, value in pie.items()},
        "changed_px": changed_outside(source, edited, mask),
        "inside": inside,
        "progress": 1 - inside / untouched if untouched else None,
    }


def judge_references(world, lines, judge):
    """What the judge says of the true edits and of the sources themselves: no editor is to be held to more than the first or credited with the second."""
    pairs = dict.fromkeys((line["source"], line["target"]) for line in lines)
    return {
        name: [judge.verdict(as_picture(world.images[pair[at]]), world.records[pair[1]]["emotion"]) for pair in pairs]
        for at, name in ((1, "true edit"), (0, "source"))
    }


def mean(rows, name):
    """Mean over the rows that have the figure; infinite PSNR (nothing changed) counts as 100 dB."""
    values = [min(float(r[name]), 100.0) if name.startswith("psnr") else float(r[name]) for r in rows if r.get(name) is not None]
    return float(np.mean(values)) if values else None


def summarise(rows):
    names = [name for name in dict.fromkeys(n for r in rows for n in r) if isinstance(next((r[name] for r in rows if r.get(name) is not None), None), (int, float))]
    return {name: mean(rows, name) for name in names} | {"edits": len(rows)}


def as_markdown(summary, title):
    """One table; variants in the order they were made."""
    head = ["Variant", *(label for _, label, _ in COLUMNS), "Edits"]
    lines = [f"# {title}", "", "| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    for variant, values in summary.items():
        cells = ["–" if values.get(name) is None else f"{values[name] * unit:.2f}" for name, _, unit in COLUMNS]
        lines.append("| " + " | ".join([variant, *cells, str(values["edits"])]) + " |")
    return "\n".join(lines) + "\n"


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", required=True)
    parser.add_argument("--edits", required=True)
    parser.add_argument("--out", required=True, help="results go to OUT.json and OUT.md")
    parser.add_argument("--judge", default=JUDGE, help="transformers folder of the emotion classifier")
    parser.add_argument("--dino", help="transformers folder of DINO ViT-B/8; without it a substitute without weights measures structure")
    args = parser.parse_args()
    world, edits = MoodWorld(args.data), Path(args.edits)
    keys, judge = DinoKeys(args.dino) if args.dino else PatchColours(), EmotionJudge(args.judge)
    lines = [json.loads(line) for line in (edits / "edits.jsonl").read_text().splitlines()]
    rows = {}
    for variant in dict.fromkeys(line["variant"] for line in lines):
        pictures, masks = read_pictures(edits / f"{variant}.u8", world.size), np.memmap(edits / f"{variant}.masks.u8", np.uint8, "r").reshape(-1, world.size, world.size)
        for line in (line for line in lines if line["variant"] == variant):
            source, target, at = line["source"], line["target"], line["row"]
            figures = score_edit(
                as_picture(world.images[source]), as_picture(pictures[at]), as_picture(world.images[target]),
                true_region(world, source, target), reach_of(torch.from_numpy(np.array(masks[at])) > 0, line["feather_px"]), keys,
            )  # fmt: skip
            figures |= judge.verdict(as_picture(pictures[at]), world.records[target]["emotion"])
            rows.setdefault(variant, []).append(figures | {"ms": line["ms"], "fallback": float("PLANNER_FALLBACK" in line["warnings"])})
    rows |= judge_references(world, lines, judge)
    summary = {variant: summarise(figures) for variant, figures in rows.items()}
    result = {"structure": keys.name, "data": world.digest()[:12], "pairs": len(rows["source"]), "variants": summary}
    out = Path(args.out)
    out.parent.mkdir(parents=True, exist_ok=True)
    out.with_suffix(".json").write_text(json.dumps(result, indent=2) + "\n")
    out.with_suffix(".md").write_text(as_markdown(summary, f"MoodBench, {result['pairs']} pairs, structure by {keys.name}"))
    print(json.dumps(result))


if __name__ == "__main__":
    main()
