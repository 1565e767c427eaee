"""Affection (Achlioptas et al., 2022): 85,007 pictures of five data sets, each with the emotions it gave to several people and why.

Layout (the authors' note on the public annotations, and the functions of their code that link pictures):
`language/version_0/affection_preprocessed_public_version_0.csv` with the columns dataset, image_name, emotion, utterance_spelled and
split. The pictures stay in the layouts of their own sets; put (or link) those below `images/<dataset>`. Sets that are absent are left out.
"""

import csv
from collections import Counter, defaultdict
from pathlib import Path

from .picture_set import DataError, make_set, need

EMOTIONS = ["amusement", "awe", "contentment", "excitement", "anger", "disgust", "fear", "sadness"]


def read(folder, split="test"):
    """Label: what most people felt, all of them on a tie, "something else" aside. Texts: every explanation."""
    told = defaultdict(list)
    with open(need(f"{folder}/language/version_0/affection_preprocessed_public_version_0.csv"), encoding="utf-8", newline="") as table:
        for row in csv.DictReader(table):
            if row["split"] == split:
                told[row["dataset"], row["image_name"]].append(row)
    present = {dataset for dataset, _ in told if (Path(folder) / "images" / dataset).exists()}
    if not present:
        raise DataError(f"{folder}/images: expected at least one folder of {', '.join(sorted({dataset for dataset, _ in told}))}, found none")
    rows = []
    for (dataset, name), answers in told.items():
        if dataset in present:
            votes = Counter(answer["emotion"] for answer in answers if answer["emotion"] in EMOTIONS)
            felt = [emotion for emotion, count in votes.items() if count == max(votes.values())]
            rows.append((locate(Path(folder) / "images" / dataset, dataset, Path(name).name), felt, [answer["utterance_spelled"] for answer in answers]))
    origin = f"Label: the emotion that most people felt; texts: their reasons. Pictures of {len(present)} of {len({d for d, _ in told})} data sets."
    return make_set(f"Affection ({split})", origin, EMOTIONS, rows)


def locate(top, dataset, name):
    """Where the data sets themselves keep a picture."""
    if dataset == "coco_affective":
        return top / ("train2014" if "train" in name else "val2014") / name
    if dataset == "visual_genome_affective":
        first = top / "VG_100K" / name
        return first if first.exists() else top / "VG_100K_2" / name
    if dataset == "you_aaai_affective":
        return top / name.split("_")[0] / name
    return top / name
