import math

import pytest
import torch

from moodifier_train.losses.contrastive import info_nce, strongest_components
from moodifier_train.losses.diffusion import add_noise, dilate, noise_of_velocity, sample_timesteps, velocity, weighted_mse
from moodifier_train.losses.mask import mask_iou, mask_losses
from moodifier_train.models.unet import alphas_cumprod


def test_info_nce_is_log_n_by_chance_and_small_when_matched():
    same = torch.ones(8, 4)
    assert info_nce(same, same, torch.tensor(10.0)).item() == pytest.approx(math.log(8), abs=1e-5)
    matched = torch.eye(8)
    assert info_nce(matched, matched, torch.tensor(50.0)).item() < 1e-3


def test_info_nce_does_not_punish_equal_texts():
    pictures, texts = torch.eye(3)[[0, 0, 1]], torch.eye(3)[[0, 0, 1]]
    grouped = info_nce(pictures, texts, torch.tensor(50.0), torch.tensor([0, 0, 1]))
    assert grouped.item() == pytest.approx(2 / 3 * math.log(2), abs=1e-3)


def test_smoothing_costs_the_sure_and_nothing_by_chance():
    same, matched, scale = torch.ones(8, 4), torch.eye(8), torch.tensor(50.0)
    assert info_nce(same, same, scale, label_smoothing=0.1).item() == pytest.approx(math.log(8), abs=1e-5)
    assert info_nce(matched, matched, scale, label_smoothing=0.1).item() == pytest.approx(0.1 * 7 / 8 * 50, rel=1e-3)


def test_strongest_components_keep_what_varies_most():
    generator = torch.Generator().manual_seed(0)
    axes = torch.linalg.qr(torch.randn(16, 3, generator=generator)).Q.T
    strong = torch.nn.functional.normalize(torch.randn(20, 2, generator=generator) @ axes[:2] + 3 * axes[2], dim=-1)
    weak = 0.001 * torch.randn(20, 16, generator=generator)
    kept = strongest_components((strong + weak).requires_grad_(), 3)
    assert torch.allclose(kept, strong, atol=0.005) and torch.linalg.matrix_rank(kept - kept.mean(0), atol=1e-4) <= 3 and kept.requires_grad
    with pytest.raises(ValueError, match="more than 32 pictures"):
        strongest_components(strong, 32)


def test_noise_and_weights():
    alphas = alphas_cumprod()
    assert alphas[0].item() == pytest.approx(1 - 0.00085, abs=1e-6) and alphas[-1].item() == pytest.approx(0.00466, abs=1e-4)
    x, n = torch.randn(2, 4, 3, 3), torch.randn(2, 4, 3, 3)
    t = torch.tensor([0, 999])
    assert torch.allclose(add_noise(x, n, t, alphas)[1], alphas[999].sqrt() * x[1] + (1 - alphas[999]).sqrt() * n[1])
    assert weighted_mse(x, n, torch.full((2, 1, 3, 3), 7.0)).item() == pytest.approx((x - n).square().mean().item(), rel=1e-5)


def test_velocity_and_noise_say_the_same_and_count_every_error_of_the_clean_latent():
    alphas, t = alphas_cumprod(), torch.tensor([100, 500, 999])
    x, wrong, noise = torch.randn(3, 4, 3, 3), torch.randn(3, 4, 3, 3), torch.randn(3, 4, 3, 3)
    noisy, v, a = add_noise(x, noise, t, alphas), velocity(x, noise, t, alphas), alphas[t].view(-1, 1, 1, 1)
    assert torch.allclose(noise_of_velocity(v, noisy, t, alphas), noise, atol=1e-5)
    assert torch.allclose(a.sqrt() * noisy - (1 - a).sqrt() * v, x, atol=1e-5)
    thought = (noisy - a.sqrt() * (x + wrong)) / (1 - a).sqrt()
    error = (velocity(x + wrong, thought, t, alphas) - v).square().mean(dim=(1, 2, 3))
    assert torch.allclose(error, wrong.square().mean(dim=(1, 2, 3)) / (1 - a.flatten()), rtol=1e-3)


def test_dilate_and_timesteps():
    mask = torch.zeros(1, 1, 5, 5)
    mask[0, 0, 2, 2] = 1
    assert dilate(mask).sum() == 9 and dilate(mask, 0) is mask
    grid = sample_timesteps(500, 1000, grid_share=1.0)
    assert ((grid + 1) % 20 == 0).all() and grid.min() >= 19 and grid.max() <= 999
    assert sample_timesteps(2000, 1000).float().mean() == pytest.approx(500, abs=30)
    assert sample_timesteps(2000, 1000, lean=2.0).float().mean() == pytest.approx(667, abs=30)


def test_masks():
    target = torch.zeros(2, 1, 4, 4)
    target[0, 0, :2] = 1
    logits = torch.where(target > 0, 20.0, -20.0)
    assert mask_iou(logits, target).tolist() == [1, 1] and mask_losses(logits, target)["dice_loss"].item() < 1e-3
    assert mask_iou(-logits, target)[0].item() == 0
