import pytest
import torch
from transformers import CLIPConfig, CLIPModel

from moodifier_train.models.dense_patches import embed_pictures
from moodifier_train.models.stretch import freeze_first_positions, stretch_clip, stretch_positions


def make_small_clip(positions=77):
    text = {"vocab_size": 50, "hidden_size": 16, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 32, "max_position_embeddings": positions, "eos_token_id": 49, "bos_token_id": 48}
    vision = {"image_size": 32, "patch_size": 8, "hidden_size": 16, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 32}
    torch.manual_seed(0)
    return CLIPModel(CLIPConfig(text_config=text, vision_config=vision, projection_dim=8)).eval()


def test_positions_77_to_248_keep_the_first_twenty_and_every_fourth_after_them():
    table = torch.randn(77, 5)
    long = stretch_positions(table)
    assert long.shape == (248, 5) and long[:20].equal(table[:20])
    assert torch.allclose(long[20::4], table[20:])
    assert torch.allclose(long[22], (table[20] + table[21]) / 2, atol=1e-6)
    assert torch.allclose(long[247], table[76] + 0.75 * (table[76] - table[75]), atol=1e-5)


def test_a_stretched_tower_reads_short_texts_as_before_and_long_ones_at_all():
    model = make_small_clip()
    ids = torch.randint(0, 48, (1, 12), generator=torch.Generator().manual_seed(1))
    ids[0, -1] = 49
    with torch.no_grad():
        before = model.text_model(input_ids=ids).pooler_output
        stretch_clip(model)
        assert torch.allclose(model.text_model(input_ids=ids).pooler_output, before, atol=1e-6)
        assert model.text_model(input_ids=torch.randint(0, 48, (1, 248))).last_hidden_state.shape == (1, 248, 16)
    assert model.config.text_config.max_position_embeddings == 248


def test_a_stretched_model_survives_saving(tmp_path):
    model = stretch_clip(make_small_clip())
    model.save_pretrained(tmp_path)
    again = CLIPModel.from_pretrained(tmp_path)
    assert again.text_model.embeddings.position_embedding.weight.equal(model.text_model.embeddings.position_embedding.weight)


def test_frozen_positions_stay_while_the_others_learn():
    model = freeze_first_positions(stretch_clip(make_small_clip()), 20)
    table = model.text_model.embeddings.position_embedding.weight
    before = table.detach().clone()
    optimizer = torch.optim.AdamW(model.parameters(), 0.1, weight_decay=0.0)
    states = model.text_model(input_ids=torch.randint(0, 48, (2, 60))).last_hidden_state
    (states * torch.randn(states.shape)).sum().backward()
    optimizer.step()
    assert table[:20].equal(before[:20]) and (table[20:60] != before[20:60]).any(1).all()


@pytest.mark.parametrize(("length", "keep"), [(40, 20), (248, 76), (248, -1)])
def test_impossible_stretches_are_refused(length, keep):
    with pytest.raises(ValueError, match="expected"):
        stretch_positions(torch.zeros(77, 4), length, keep)


def test_dense_patches_of_the_value_path_depend_on_their_own_state_alone():
    model = make_small_clip()
    pixels = torch.randn(2, 3, 32, 32)
    pooled, patches = embed_pictures(model, pixels)
    assert pooled.shape == (2, 8) and patches.shape == (2, 16, 8)
    assert torch.allclose(pooled, model.visual_projection(model.vision_model(pixels).pooler_output), atol=1e-6)
    assert not torch.allclose(patches, embed_pictures(model, pixels, "last_hidden")[1])
    with pytest.raises(ValueError, match="value_path"):
        embed_pictures(model, pixels, "middle")
