"""Tasks that go on from finished models: what stays as it was, and what learns."""

import pytest
import torch
from train import Paths, make_task, read_config
from transformers import CLIPVisionConfig, CLIPVisionModel

from moodifier_train.data.synthetic import make_synthetic
from moodifier_train.loop import train

torch.set_num_threads(1)


def prepare(paths, name, *options):
    config = read_config(name, None, options, smoke=True)
    torch.manual_seed(config["seed"])
    return make_task(name, config, paths), config


def same(a, b):
    return all(torch.equal(x, y) for x, y in zip(a.state_dict().values(), b.state_dict().values(), strict=True))


@pytest.fixture(scope="module")
def paths(tmp_path_factory):
    """A runs folder with a VAE, a CLIP, a denoiser and a planner after one step each."""
    folder = tmp_path_factory.mktemp("continue")
    paths = Paths(make_synthetic(folder / "data"), folder / "runs", None)
    for name in ("vae", "clip", "unet", "planner"):
        task, config = prepare(paths, name, "steps=1")
        train(task, config, paths.runs / name)
    return paths


def test_a_denoiser_goes_on_from_a_finished_one(paths):
    finished, _ = prepare(paths, "unet")
    fresh = {name: value.clone() for name, value in finished.unet.state_dict().items()}
    task, _ = prepare(paths, "unet", f'init="{paths.runs}/unet/model"', "text_layers=0")
    assert any(not torch.equal(value, fresh[name]) for name, value in task.unet.state_dict().items())
    assert all(p.requires_grad for p in task.unet.parameters())
    assert {id(p) for group in task.param_groups(1e-3) for p in group["params"]} == {id(p) for p in task.unet.parameters()}


def test_clip_takes_the_planners_tower_and_keeps_its_text_tower(paths, tmp_path):
    before, _ = prepare(paths, "clip", f'init="{paths.runs}/clip/model"')
    task, config = prepare(paths, "clip", f'init="{paths.runs}/clip/model"', f'vision_init="{paths.runs}/planner/model/vision"', "lock_text=true", "steps=1")
    planner, _ = prepare(paths, "planner", f'init="{paths.runs}/planner/model"')
    assert same(task.model.vision_model.encoder, planner.model.vision.encoder)
    assert not same(task.model.vision_model.encoder, before.model.vision_model.encoder)
    texts = ["The picture conveys joy.", "The picture conveys fear."]
    torch.testing.assert_close(task.embed_texts(texts), before.embed_texts(texts), atol=1e-4, rtol=0)
    train(task, config, tmp_path / "clip")
    assert same(task.model.text_model, before.model.text_model)
    assert not same(task.model.vision_model.encoder, planner.model.vision.encoder)
    # The folder holds a plain CLIP, without the whitening.
    task.save(tmp_path / "saved")
    saved, _ = prepare(paths, "clip", f'init="{tmp_path}/saved"')
    torch.testing.assert_close(saved.embed_texts(texts), task.embed_texts(texts), atol=1e-4, rtol=0)


def test_a_planner_whose_tower_rests_learns_to_write(paths, tmp_path):
    init = f'init="{paths.runs}/planner/model"'
    before, _ = prepare(paths, "planner", init)
    task, config = prepare(paths, "planner", init, "vision_lr=0", "steps=1", "source_share=1")
    train(task, config, tmp_path / "planner")
    assert same(task.model.vision, before.model.vision) and not same(task.model.decoder, before.model.decoder)


def test_a_continued_planner_keeps_its_tokenizer(paths, tmp_path):
    before, _ = prepare(paths, "planner")
    elsewhere = Paths(paths.data, tmp_path / "runs", None)
    own = f'clip="{paths.runs}/clip/model"', "vocabulary=280"
    other, _ = prepare(elsewhere, "planner", *own)
    assert other.tokenizer.get_vocab() != before.tokenizer.get_vocab()
    continued, _ = prepare(elsewhere, "planner", *own, f'init="{paths.runs}/planner/model"')
    assert continued.tokenizer.get_vocab() == before.tokenizer.get_vocab()
    assert (tmp_path / "runs" / "tokenizer" / "planner" / "merges.txt").read_bytes() == (paths.runs / "tokenizer" / "planner" / "merges.txt").read_bytes()


def test_another_folder_than_a_vision_tower_is_refused(paths):
    with pytest.raises(SystemExit, match="vision_init: expected the folder of a clip_vision_model, got llama"):
        prepare(paths, "clip", f'init="{paths.runs}/clip/model"', f'vision_init="{paths.runs}/planner/model/decoder"')


def test_a_vision_tower_of_other_sizes_is_refused(paths, tmp_path):
    CLIPVisionModel(CLIPVisionConfig(hidden_size=16, intermediate_size=32, num_hidden_layers=1, num_attention_heads=2, image_size=64, patch_size=16)).save_pretrained(tmp_path)
    with pytest.raises(SystemExit, match="expected a vision tower of this CLIP's sizes"):
        prepare(paths, "clip", f'init="{paths.runs}/clip/model"', f'vision_init="{tmp_path}"')
