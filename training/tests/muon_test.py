import pytest
import torch
from torch import nn

from moodifier_train.muon import Muon, orthogonalize
from moodifier_train.optimisation import make_optimizer

CONFIG = {"lr": 0.01, "weight_decay": 0.0}


@pytest.mark.parametrize("shape", [(24, 96), (96, 24), (32, 32)])
def test_orthogonalized_matrices_keep_their_directions_and_lose_their_scales(shape):
    torch.manual_seed(0)
    matrix = torch.randn(shape) @ torch.diag(torch.logspace(0, -1, shape[1]))
    u, _, v = torch.linalg.svd(matrix, full_matrices=False)
    scales = torch.diag(u.T @ orthogonalize(matrix) @ v.T)
    assert scales.min() > 0.5 and scales.max() < 1.4


def test_steps_have_the_size_of_adamw_and_groups_their_own_rate():
    torch.manual_seed(0)
    model = nn.Sequential(nn.Conv2d(8, 32, 3), nn.Flatten(), nn.Linear(32, 64))
    groups = [{"params": model[0].parameters()}, {"params": model[2].parameters(), "lr": 0.001}]
    optimizer, before = make_optimizer(groups, CONFIG | {"optimizer": "muon"}), [p.detach().clone() for p in model.parameters()]
    model(torch.randn(256, 8, 3, 3)).square().mean().backward()
    optimizer.step()
    sizes = [(p - old).square().mean().sqrt().item() for p, old in zip(model.parameters(), before)]
    assert sizes == pytest.approx([0.002, 0.01, 0.0002, 0.001], rel=0.3)  # matrices: 0.2 of the rate; biases: AdamW's first step is the rate


def test_learning_rates_set_between_steps_reach_all_parameters():
    layer = nn.Linear(4, 4)
    optimizer, before = Muon([{"params": list(layer.parameters())}], lr=0.01, betas=(0.9, 0.99), weight_decay=0.0), [p.detach().clone() for p in layer.parameters()]
    layer(torch.ones(2, 4)).sum().backward()
    for group in optimizer.param_groups:
        group["lr"] = 0.0
    optimizer.step()
    assert all(torch.equal(p, old) for p, old in zip(layer.parameters(), before))


def test_an_unknown_optimizer_is_refused():
    with pytest.raises(SystemExit, match="adamw or muon, got sgd"):
        make_optimizer([nn.Parameter(torch.ones(2))], CONFIG | {"optimizer": "sgd"})
