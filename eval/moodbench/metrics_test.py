import math

import pytest
import torch
from emotion_judge import EmotionJudge
from picture_metrics import changed_outside, inside_distance, outside_metrics
from score import reach_of
from structure import DinoKeys, PatchColours, structure_distance

REGION = torch.zeros(64, 64, dtype=torch.bool)
REGION[16:48, 16:48] = True
SOURCE = torch.rand(3, 64, 64, generator=torch.Generator().manual_seed(0)) * 0.8


def test_an_edit_inside_the_region_costs_nothing_outside():
    edited = torch.where(REGION, 1 - SOURCE, SOURCE)
    assert changed_outside(SOURCE, edited, REGION) == 0
    for rule in ("pie", "exact"):
        assert outside_metrics(SOURCE, edited, REGION, rule)["mse"] == 0
        assert outside_metrics(SOURCE, edited, REGION, rule)["psnr"] == math.inf
    assert inside_distance(edited, edited, REGION) == 0


def test_the_published_rule_dilutes_errors_by_the_edited_share():
    edited = (SOURCE + 0.1).clamp(0, 1)
    exact, pie = outside_metrics(SOURCE, edited, REGION), outside_metrics(SOURCE, edited, REGION, "pie")
    assert exact["mse"] == pytest.approx(0.01, rel=1e-4) and exact["psnr"] == pytest.approx(20, abs=0.01)
    share = (62 * 62 - 32 * 32) / 64**2
    assert pie["mse"] == pytest.approx(0.01 * share, rel=1e-4)
    noisy = torch.rand(SOURCE.shape, generator=torch.Generator().manual_seed(2))
    assert outside_metrics(SOURCE, noisy, REGION, "pie")["ssim"] > outside_metrics(SOURCE, noisy, REGION)["ssim"]
    assert changed_outside(SOURCE, edited, REGION) == 64 * 64 - 32 * 32


def test_a_region_that_covers_everything_leaves_nothing_to_measure():
    assert outside_metrics(SOURCE, SOURCE, torch.ones(64, 64, dtype=torch.bool)) is None
    with pytest.raises(ValueError, match="pie"):
        outside_metrics(SOURCE, SOURCE, REGION, "lpips")


def test_the_distance_sees_blackened_regions_in_minus_one_to_one():
    seen = []
    outside_metrics(SOURCE, SOURCE, REGION, distance=lambda a, b: seen.append(a) or 0.0)
    assert (seen[0][:, REGION] == -1).all() and torch.allclose(seen[0][:, ~REGION], SOURCE[:, ~REGION] * 2 - 1)


def test_darkening_changes_structure_less_than_moving_things():
    keys = PatchColours()
    blocks = torch.nn.functional.interpolate(torch.rand(1, 3, 4, 4, generator=torch.Generator().manual_seed(1)), scale_factor=16)[0]
    shuffled = blocks.flip(2).roll(16, 1)
    same, darker, other = (structure_distance(keys(blocks), keys(p)) for p in (blocks, blocks * 0.9, shuffled))
    assert same == 0 and darker < other


def test_dino_keys_have_one_row_a_token(tmp_path):
    from transformers import ViTConfig, ViTModel

    torch.manual_seed(0)
    ViTModel(ViTConfig(hidden_size=12, num_hidden_layers=2, num_attention_heads=2, intermediate_size=24, patch_size=8, image_size=224)).save_pretrained(tmp_path)
    keys, published = DinoKeys(tmp_path)(SOURCE), DinoKeys(tmp_path, published=True)(SOURCE)
    assert keys.shape == (785, 12) and not torch.allclose(keys, published)
    assert structure_distance(keys, keys) == pytest.approx(0, abs=1e-9)


def test_the_reach_of_a_mask_ends_where_its_feather_does():
    reach = reach_of(REGION, 4)
    assert reach[12:52, 12:52].all() and reach.sum() == 40 * 40 and torch.equal(reach_of(REGION, 0), REGION)


def test_a_verdict_is_the_place_of_the_wished_emotion(tmp_path):
    from transformers import ResNetConfig, ResNetForImageClassification

    torch.manual_seed(0)
    names = {0: "joy", 1: "fear", 2: "anger", 3: "love"}
    config = ResNetConfig(embedding_size=4, hidden_sizes=[4, 8], depths=[1, 1], layer_type="basic", id2label=names, label2id={n: i for i, n in names.items()}, image_size=32)
    ResNetForImageClassification(config).save_pretrained(tmp_path)
    judge = EmotionJudge(tmp_path)
    found = judge(SOURCE)
    assert set(found) == set(names.values()) and sum(found.values()) == pytest.approx(1, abs=1e-5)
    best, *_, worst = sorted(found, key=found.get, reverse=True)
    assert judge.verdict(SOURCE, best) == {"emotion": 1, "emotion_top3": 1, "emotion_p": found[best]}
    assert judge.verdict(SOURCE, worst) == {"emotion": 0, "emotion_top3": 0, "emotion_p": found[worst]}
    assert judge.verdict(SOURCE, "optimism") == {}
