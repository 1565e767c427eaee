"""Markdown of the CLIP evaluation: one table a set."""

import numpy as np

COLUMNS = {
    "zero_shot": {"top1": "Top-1", "top2": "Top-2", "top3": "Top-3"},
    "retrieval": {"i2t_r1": "I→T R@1", "i2t_r5": "I→T R@5", "t2i_r1": "T→I R@1", "t2i_r5": "T→I R@5"},
}


def as_markdown(result):
    variants = ", ".join(f"{name} ({len(folders)} seed{'s' * (len(folders) > 1)})" for name, folders in result["models"].items())
    lines = [
        "# Zero-shot emotion and retrieval", "",
        f"{variants}. Per cent, mean ± deviation over {result['folds']} folds of every seed; prompt “{result['prompt']}”. Differences: mean over seeds (lowest to highest). Commit {result['commit']}.",
    ]  # fmt: skip
    for name, entry in result["sets"].items():
        lines += ["", f"## {name}", "", describe(entry), "", *table(entry)]
    return "\n".join(lines) + "\n"


def describe(entry):
    parts = []
    for measure, text in (("zero_shot", "{pictures} pictures with a label among {pool} emotions"), ("retrieval", "{pictures} pictures with texts, {pool} a fold")):
        seen = next((seeds[0][measure] for seeds in entry["variants"].values() if measure in seeds[0]), None)
        if seen:
            parts.append(text.format(**seen))
    return f"{'; '.join(parts)}. {entry['origin']}"


def table(entry):
    """A row a variant, one of chance, and one a difference from the first variant."""
    variants = entry["variants"]
    first = next(iter(variants))
    columns = [(measure, column, label) for measure, labels in COLUMNS.items() if measure in variants[first][0] for column, label in labels.items()]
    rows = [["Model", *(label for _, _, label in columns)], ["---"] + ["--:"] * len(columns)]
    for variant, seeds in variants.items():
        values = [np.ravel([seed[measure]["folds"][column] for seed in seeds]) * 100 for measure, column, _ in columns]
        rows.append([variant, *(f"{value.mean():.1f} ± {value.std():.1f}" for value in values)])
    rows.append(["*chance*", *(f"*{variants[first][0][measure]['chance'][column] * 100:.1f}*" for measure, column, _ in columns)])
    for variant in list(variants)[1:]:
        pairs = list(zip(variants[variant], variants[first]))
        gains = [[100 * (np.mean(a[measure]["folds"][column]) - np.mean(b[measure]["folds"][column])) for a, b in pairs] for measure, column, _ in columns]
        rows.append([f"{variant} − {first}", *(f"{np.mean(gain):+.1f} ({min(gain):+.1f} to {max(gain):+.1f})" for gain in gains)])
    return ["| " + " | ".join(row) + " |" for row in rows]
