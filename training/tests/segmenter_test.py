"""The promptable segmenter: every pixel has a say at every fold, and a saved model comes back."""

import pytest
import torch
from moodifier_train.models.segmenter import Segmenter


@pytest.mark.parametrize("fold", [1, 2, 4])
def test_logits_are_of_the_picture_size_and_no_pixel_is_out_of_reach(fold):
    torch.manual_seed(0)
    model = Segmenter(channels=(4, 8), labels=3, fold=fold)
    pixels = torch.rand(1, 3, 16, 16, requires_grad=True)
    logits = model(pixels, torch.zeros(1, 2, 16, 16), torch.tensor([1]))
    assert logits.shape == (1, 1, 16, 16)
    logits[0, 0, 5, 6].backward()
    assert pixels.grad[0, :, 5, 6].abs().max() > 0


def test_neighbours_within_a_fold_differ():
    torch.manual_seed(0)
    logits = Segmenter(channels=(4, 8), labels=3, fold=2)(torch.rand(1, 3, 8, 8), torch.zeros(1, 2, 8, 8), torch.tensor([0]))
    assert (logits[..., ::2] - logits[..., 1::2]).abs().max() > 1e-4


def test_a_saved_segmenter_comes_back_with_its_fold(tmp_path):
    torch.manual_seed(0)
    model, inputs = Segmenter(channels=(4, 8), labels=3, fold=2), (torch.rand(1, 3, 8, 8), torch.rand(1, 2, 8, 8), torch.tensor([2]))
    model.save_pretrained(tmp_path)
    assert torch.equal(Segmenter.from_pretrained(tmp_path)(*inputs), model(*inputs))
