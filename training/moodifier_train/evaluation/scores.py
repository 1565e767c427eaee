"""The measures of the paper's Tables 1-3: zero-shot accuracy by class prompts and retrieval both ways, over folds."""

import math

import numpy as np
import torch


def top_k_accuracy(images, prompts, truth, ks=(1, 2, 3)):
    """Share of pictures whose class is among the k most similar prompts.

    images: [n, d] and prompts: [classes, d], both L2-normalised; truth: int64 [n], or bool [n, classes] where a picture may have several
    classes (any of them counts). -> {"top1": ..., ...}
    """
    classes = len(prompts)
    right = torch.nn.functional.one_hot(truth, classes).bool() if truth.ndim == 1 else truth
    order = (images @ prompts.T).argsort(1, descending=True)
    hits = right.gather(1, order)
    return {f"top{k}": float(hits[:, : min(k, classes)].any(1).float().mean()) for k in ks}


def retrieval_recall(images, texts, groups=None, ks=(1, 5)):
    """R@k of text retrieval (i2t) and image retrieval (t2i): one text a picture; texts of equal `groups` (int64 [n]) all count as right.

    images, texts: [n, d], L2-normalised. -> {"i2t_r1", "i2t_r5", "t2i_r1", "t2i_r5"}
    """
    groups = torch.arange(len(images)) if groups is None else groups
    return recall_both_ways(images @ texts.T, groups[:, None] == groups[None], ks)


def recall_both_ways(scores, right, ks=(1, 5)):
    """R@k of rows (pictures) among columns (texts) and the other way; any entry that is `right` counts.

    scores: [n, m]; right: bool [n, m], a true entry in every row and column. -> {"i2t_r1", "i2t_r5", "t2i_r1", "t2i_r5"}
    """
    out = {}
    for name, table, truth in (("i2t", scores, right), ("t2i", scores.T, right.T)):
        hits = truth.gather(1, table.argsort(1, descending=True))
        out |= {f"{name}_r{k}": float(hits[:, :k].any(1).float().mean()) for k in ks}
    return out


def chance_at(right, ks):
    """{k: probability that k columns drawn blindly hold a right one}, the mean over the rows of `right` (bool [n, m])."""
    columns = right.shape[1]
    missed = lambda found, k: math.comb(columns - found, min(k, columns)) / math.comb(columns, min(k, columns))
    return {k: float(np.mean([1 - missed(found, k) for found in right.sum(1).tolist()])) for k in ks}


def split_folds(count, folds=5, seed=0):
    """`folds` disjoint index arrays that cover 0..count-1, sizes within one of each other."""
    if count < folds:
        raise ValueError(f"expected at least {folds} pictures for {folds} folds, got {count}")
    return [np.sort(part) for part in np.array_split(np.random.default_rng(seed).permutation(count), folds)]


def over_folds(count, measure, folds=5, seed=0):
    """{name: [value of each fold]} of `measure(index) -> {name: value}`."""
    rows = [measure(index) for index in split_folds(count, folds, seed)]
    return {name: [row[name] for row in rows] for name in rows[0]}
