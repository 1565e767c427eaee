"""The planner's two towers and the tokens of parts."""

import pytest
import torch
from transformers import CLIPVisionConfig, CLIPVisionModel

from moodifier_train.models.detail import DetailTower
from moodifier_train.models.part_reader import PartReader
from moodifier_train.models.planner import Planner, make_decoder

SIZES = {"hidden_size": 16, "intermediate_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2}


def make_planner(detail=(4, 4, 8, 8)):
    torch.manual_seed(0)
    vision = CLIPVisionModel(CLIPVisionConfig(**SIZES, image_size=64, patch_size=16))
    return Planner(vision, make_decoder({**SIZES, "num_key_value_heads": 2}, 50), list(detail), parts=3, words=5).eval()


def test_a_patch_state_stands_where_its_patch_lies():
    tower, pixels = DetailTower([4, 8], 6), torch.zeros(1, 3, 32, 32)
    plain, pixels[:, :, 8:16, 24:32] = tower(pixels), 1.0
    changed = (tower(pixels) - plain).abs().amax((0, 2)).view(4, 4)
    assert tower.patch() == 8 and changed.argmax() == 4 * 1 + 3


def test_the_token_of_a_part_comes_from_the_patches_that_show_it():
    reader, states = PartReader(4, 6, parts=2, words=3), torch.randn(1, 9, 4)
    with torch.no_grad():
        reader.places.weight.zero_()
        reader.places.bias.zero_()
        reader.places.weight[1, 0], states[0, :, 0] = 50.0, 0.0
        states[0, 5, 0] = 1.0
    places, words, boxes, tokens = reader(states)
    assert [tuple(x.shape) for x in (places, words, boxes, tokens)] == [(1, 9, 2), (1, 2, 3), (1, 2, 4), (1, 2, 6)]
    assert torch.allclose(words[0, 1], reader.words(states[0, 5]), atol=1e-5)
    assert torch.allclose(words[0, 0], reader.words(states[0].mean(0)), atol=1e-5)


def test_words_are_spelled_in_the_decoders_embeddings():
    reader, embeddings = PartReader(4, 6, parts=1, words=3), torch.randn(3, 6)
    reader.spell_with(embeddings)
    assert torch.allclose(reader.spell(torch.eye(3)), embeddings)


def test_a_planner_comes_back_from_its_folder(tmp_path):
    planner, pixels = make_planner(), torch.randn(2, 3, 128, 128)
    planner.save_pretrained(tmp_path)
    again = Planner.from_pretrained(tmp_path).eval()
    assert planner.side == 128 and planner.image_tokens(pixels).shape == (2, 16 + 3, 16)
    assert torch.equal(again.image_tokens(pixels), planner.image_tokens(pixels))


def test_details_of_another_grid_are_refused():
    with pytest.raises(ValueError, match="expected stages down to patches of 32 pixels, got 16"):
        make_planner([4, 4, 8])
