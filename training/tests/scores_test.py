import numpy as np
import pytest
import torch

from moodifier_train.evaluation.scores import chance_at, over_folds, recall_both_ways, retrieval_recall, split_folds, top_k_accuracy


def test_top_k_counts_ranks():
    images, prompts = torch.eye(4), torch.eye(4)
    assert top_k_accuracy(images, prompts, torch.arange(4)) == {"top1": 1.0, "top2": 1.0, "top3": 1.0}
    scores = torch.tensor([[0.9, 0.5, 0.4, 0.1]])
    assert top_k_accuracy(scores, prompts, torch.tensor([2])) == {"top1": 0.0, "top2": 0.0, "top3": 1.0}
    several = torch.tensor([[False, True, False, True]])
    assert top_k_accuracy(scores, prompts, several)["top2"] == 1.0


def test_recall_both_ways_and_equal_texts():
    images = torch.eye(3)
    texts = torch.eye(3)[[1, 0, 2]]
    recall = retrieval_recall(images, texts, ks=(1,))
    assert recall["i2t_r1"] == pytest.approx(1 / 3) and recall["t2i_r1"] == pytest.approx(1 / 3)
    same = retrieval_recall(images, texts, torch.tensor([0, 0, 1]), ks=(1,))
    assert same == {"i2t_r1": 1.0, "t2i_r1": 1.0}


def test_recall_of_several_texts_a_picture_and_what_guessing_gives():
    right = torch.tensor([[True, True, False, False], [False, False, True, False], [False, False, False, True]])
    scores = right.float() + torch.tensor([[0.0, 0.0, 0.0, 0.0], [2.0, 0.0, 0.0, 0.0], [0.0, 0.0, 0.0, 0.0]])
    recall = recall_both_ways(scores, right, ks=(1, 2))
    assert recall["i2t_r1"] == pytest.approx(2 / 3) and recall["t2i_r1"] == pytest.approx(3 / 4) and recall["i2t_r2"] == recall["t2i_r2"] == 1.0
    assert chance_at(right, (1, 2, 9)) == {1: pytest.approx(1 / 3), 2: pytest.approx((5 / 6 + 1 / 2 + 1 / 2) / 3), 9: 1.0}


def test_folds_cover_everything_once():
    folds = split_folds(23)
    assert sorted(np.concatenate(folds).tolist()) == list(range(23)) and {len(f) for f in folds} == {4, 5}
    shares = over_folds(20, lambda index: {"share": float((index < 10).mean())})["share"]
    assert len(shares) == 5 and np.mean(shares) == pytest.approx(0.5) and np.std(shares) > 0
    with pytest.raises(ValueError, match="at least 5"):
        split_folds(3)
