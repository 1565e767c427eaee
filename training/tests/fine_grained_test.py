import math

import pytest
import torch

from moodifier_train.losses.fine_grained import chance_level, fine_grained_loss, region_features
from moodifier_train.losses.optimal_transport import sinkhorn, transport_loss


def orthogonal_pairs(batch=4, parts=3, width=16):
    """Each stimulus has one patch that shows it; a fourth patch shows nothing of them."""
    basis = torch.linalg.qr(torch.randn(width, width, generator=torch.Generator().manual_seed(0)))[0]
    stimuli = basis[:parts].expand(batch, parts, width)
    return stimuli, torch.cat([stimuli, basis[parts : parts + 1].expand(batch, 1, width)], 1)


@pytest.mark.parametrize("weights", ["sparc", "softmax"])
@pytest.mark.parametrize("norm_axis", ["stimuli", "patches"])
def test_region_features_find_the_patch_that_shows_the_stimulus(weights, norm_axis):
    stimuli, patches = orthogonal_pairs()
    regions = region_features(stimuli, patches, weights, norm_axis)
    assert regions.norm(dim=-1).allclose(torch.ones(4, 3), atol=1e-4)
    # Softmax over the patches leaves a little weight elsewhere, which the division over stimuli blows up for the patch nobody claims.
    assert ((regions * stimuli).sum(-1) > (0.8 if weights == "softmax" and norm_axis == "stimuli" else 0.99)).all()
    assert fine_grained_loss(regions, stimuli, torch.tensor(50.0)).item() < 1e-3


def test_a_patch_that_all_stimuli_claim_counts_for_none_of_them():
    stimuli, _ = orthogonal_pairs(batch=1)
    shared = stimuli.sum(1, keepdim=True)
    alone = region_features(stimuli, torch.cat([stimuli, shared], 1), "sparc", "stimuli")
    assert ((alone * stimuli).sum(-1) > 0.95).all()


def test_fine_grained_loss_is_ln_k_by_chance():
    same = torch.ones(5, 3, 8)
    assert fine_grained_loss(same, same, torch.tensor(10.0)).item() == pytest.approx(chance_level(5, 3), abs=1e-5) == pytest.approx(math.log(3))
    assert fine_grained_loss(same, same, torch.tensor(10.0), "batch").item() == pytest.approx(chance_level(5, 3, "batch"), abs=1e-4)


def test_the_order_of_pictures_and_of_stimuli_does_not_matter():
    stimuli, patches = torch.randn(6, 3, 8), torch.randn(6, 10, 8)
    loss = lambda s, p: fine_grained_loss(region_features(s, p), s, torch.tensor(7.0), "batch").item()
    plain = loss(stimuli, patches)
    order = torch.randperm(6)
    assert loss(stimuli[order], patches[order]) == pytest.approx(plain, abs=1e-5)
    assert loss(stimuli[:, [2, 0, 1]], patches) == pytest.approx(plain, abs=1e-5)
    assert loss(stimuli, patches[:, torch.randperm(10)]) == pytest.approx(plain, abs=1e-5)


def test_equal_stimuli_of_other_pictures_are_no_negatives():
    stimuli, patches = orthogonal_pairs()
    regions, groups = region_features(stimuli, patches), torch.arange(3).expand(4, 3)
    grouped = fine_grained_loss(regions, stimuli, torch.tensor(50.0), "batch", groups).item()
    assert grouped == pytest.approx(math.log(4), abs=1e-2)  # evenly over the four rows that hold the same text


def test_sinkhorn_marginals_and_optimum():
    cost = torch.rand(24, 24, generator=torch.Generator().manual_seed(1)) * 0.4 + 0.6
    plan = sinkhorn(cost)
    assert plan.sum(0).allclose(torch.full((24,), 1 / 24), atol=1e-6)
    assert plan.sum(1).allclose(torch.full((24,), 1 / 24), atol=1e-3)
    order = torch.randperm(24)
    assert sinkhorn(1 - torch.eye(24)[order], 0.01).argmax(1).equal(torch.eye(24)[order].argmax(1))


@pytest.mark.parametrize("n", [24, 96])
def test_the_published_transport_loss_sits_at_ln_n_whatever_the_features_are(n):
    matched = torch.eye(n)
    assert transport_loss(matched, matched, torch.tensor(50.0), "literal").item() == pytest.approx(math.log(n), abs=0.05)
    noise = torch.randn(n, 64, requires_grad=True)
    transport_loss(noise, matched[:, :64] if n >= 64 else torch.randn(n, 64), torch.tensor(50.0), "literal").backward()
    literal = noise.grad.norm()
    noise.grad = None
    transport_loss(noise, matched[:, :64] if n >= 64 else torch.randn(n, 64), torch.tensor(50.0), "scaled").backward()
    assert literal < noise.grad.norm() / 20


@pytest.mark.parametrize("mode", ["scaled", "nll"])
def test_transport_loss_falls_when_pairs_match(mode):
    matched = torch.eye(32)
    random = torch.nn.functional.normalize(torch.randn(32, 32, generator=torch.Generator().manual_seed(2)), dim=-1)
    assert transport_loss(matched, matched, torch.tensor(50.0), mode).item() < 0.2 < transport_loss(random, matched, torch.tensor(50.0), mode).item()
    order = torch.randperm(32)
    assert transport_loss(random[order], matched[order], torch.tensor(50.0), mode).item() == pytest.approx(transport_loss(random, matched, torch.tensor(50.0), mode).item(), abs=1e-4)


@pytest.mark.parametrize("mode", ["nll", "scaled"])
def test_gradients_agree_with_finite_differences(mode):
    generator = torch.Generator().manual_seed(3)
    stimuli, patches = torch.randn(2, 3, 6, generator=generator), torch.randn(2, 5, 6, generator=generator)

    def loss(patches):
        regions = region_features(stimuli, patches, "softmax")
        transport = transport_loss(regions.flatten(0, 1), stimuli.flatten(0, 1), torch.tensor(4.0), mode, epsilon=0.2)
        return fine_grained_loss(regions, stimuli, torch.tensor(4.0)) + (transport if mode == "nll" else 0)

    patches.requires_grad_()
    loss(patches).backward()
    step, direction = 1e-2, torch.randn(patches.shape, generator=generator)
    with torch.no_grad():
        slope = (loss(patches + step * direction) - loss(patches - step * direction)) / (2 * step)
    assert (patches.grad * direction).sum().item() == pytest.approx(slope.item(), rel=0.02)


def test_unknown_options_are_refused():
    with pytest.raises(ValueError, match="norm_axis"):
        region_features(torch.ones(1, 3, 4), torch.ones(1, 5, 4), norm_axis="rows")
    with pytest.raises(ValueError, match="literal"):
        transport_loss(torch.eye(3), torch.eye(3), torch.tensor(1.0), "exact")
    with pytest.raises(ValueError, match="negatives"):
        fine_grained_loss(torch.ones(1, 3, 4), torch.ones(1, 3, 4), torch.tensor(1.0), "none")
