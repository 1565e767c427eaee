"""The measures of the paper's Tables 1-3: zero-shot accuracy by class prompts and retrieval both ways, over folds."""

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
    same = groups[:, None] == groups[None]
    scores = images @ texts.T
    out = {}
    for name, table, right in (("i2t", scores, same), ("t2i", scores.T, same.T)):
        hits = right.gather(1, table.argsort(1, descending=True))
        out |= {f"{name}_r{k}": float(hits[:, :k].any(1).float().mean()) for k in ks}
    return out


def split_folds(count, folds=5, seed=0):
    """`folds` disjoint index arrays that cover 0..count-1, sizes within one of each other."""
    if count < folds:
        raise ValueError(f"expected at least {folds} pictures for {folds} folds, got {count}")
    return [np.sort(part) for part in np.array_split(np.random.default_rng(seed).permutation(count), folds)]


def mean_over_folds(count, measure, folds=5, seed=0):
    """{name: (mean, standard deviation)} of `measure(index) -> {name: value}` over the folds."""
    rows = [measure(index) for index in split_folds(count, folds, seed)]
    return {name: (float(np.mean([r[name] for r in rows])), float(np.std([r[name] for r in rows]))) for name in rows[0]}
