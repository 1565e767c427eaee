import torch

from moodifier_train.models.unet import alphas_cumprod, make_unet
from moodifier_train.tasks.edit_sheet import Controlled, align, edit, timesteps


def test_alignment_keeps_new_tokens_and_maps_old_ones():
    mapping, keep = align([1, 5, 6, 2], [1, 5, 9, 6, 2], 8)
    assert keep.tolist() == [0, 0, 1, 0, 0, 0, 0, 0]
    assert [mapping[:, j].nonzero().flatten().tolist() for j in range(8)] == [[0], [1], [], [2], [3], [5], [6], [7]]


def test_timesteps_descend_on_the_lcm_grid():
    assert timesteps(4).tolist() == [999, 759, 499, 259]


def test_equal_prompts_reproduce_the_picture():
    torch.manual_seed(0)
    model, control = make_unet([16, 32, 32], heads=4, cross_width=8, groups=8).eval(), Controlled()
    model.set_attn_processor(control)
    clean, states = torch.randn(1, 4, 8, 8), torch.randn(1, 16, 8)
    text, ids = states.expand(3, -1, -1), list(range(16))
    out = edit(model, control, alphas_cumprod(), clean, text, align(ids, ids, 16), torch.ones(1, 1, 8, 8), 4, 1.0, 0.6, 0.3)
    assert (out - clean).abs().max() < 2e-3


def test_outside_the_mask_nothing_changes():
    torch.manual_seed(0)
    model, control = make_unet([16, 32, 32], heads=4, cross_width=8, groups=8).eval(), Controlled()
    model.set_attn_processor(control)
    clean, text, mask = torch.randn(1, 4, 8, 8), torch.randn(3, 16, 8), torch.zeros(1, 1, 8, 8)
    mask[..., 2:5, 2:5] = 1
    out = edit(model, control, alphas_cumprod(), clean, text, align([1, 2], [1, 3], 16), mask, 3, 2.5, 0.6, 0.3)
    assert torch.equal(out * (1 - mask), clean * (1 - mask)) and not torch.equal(out, clean)
