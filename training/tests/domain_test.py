"""The domain tells pictures unlike the known ones from those that are like them."""

import torch

from moodifier_train.models.domain import QUANTILE, fit_domain


def tokens(count, spread, seed, patches=4):
    generator = torch.Generator().manual_seed(seed)
    means = torch.randn(count, 1, 6, generator=generator) * torch.tensor(spread)
    return means + 0.1 * torch.randn(count, patches, 6, generator=generator)


def test_distance_counts_in_the_spread_of_the_known_pictures():
    wide, narrow = [5.0, 1, 1, 1, 1, 1], [5.0, 1, 1, 1, 1, 0.1]
    domain = fit_domain(tokens(2000, narrow, 1), tokens(1000, narrow, 2))
    like, unlike = tokens(1000, narrow, 3), tokens(1000, wide, 4)
    assert abs(domain(like).square().mean() - 1) < 0.15
    assert abs((domain(like) > domain.threshold).float().mean() - (1 - QUANTILE)) < 0.02
    # The last direction hardly varies among the known pictures, so that a deviation there weighs ten times what one along the others does.
    assert (domain(unlike) > domain.threshold).float().mean() > 0.7


def test_more_dimensions_than_pictures_give_finite_distances():
    domain = fit_domain(torch.randn(3, 2, 40), torch.randn(2, 2, 40))
    assert torch.isfinite(domain(torch.randn(5, 2, 40))).all()
