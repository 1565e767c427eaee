"""The configurations of the production CLIPs, one step from random weights of the real sizes."""

import json
import shutil
from pathlib import Path

import pytest
import torch
from transformers import CLIPConfig, CLIPModel

import train as command
from moodifier_train.data.clip_tokenizer import build_clip_tokenizer
from moodifier_train.models.clip import save_clip
from moodifier_train.loop import train

CONFIGS = Path(command.HERE) / "configs"
WHOLE_LIST = 48_894
MEAN, STD = [0.48145466, 0.4578275, 0.40821073], [0.26862954, 0.26130258, 0.27577711]
SIZES = {
    "vit-b-16": (512, {"hidden_size": 512, "num_attention_heads": 8, "intermediate_size": 2048}, {"patch_size": 16}),
    "vit-l-14": (
        768,
        {"hidden_size": 768, "num_attention_heads": 12, "intermediate_size": 3072},
        {"patch_size": 14, "hidden_size": 1024, "num_hidden_layers": 24, "num_attention_heads": 16, "intermediate_size": 4096},
    ),
}


def save_random(name, folder):
    """A checkpoint folder as published: 77 positions, the whole merge list, OpenAI's normalisation."""
    width, text, vision = SIZES[name]
    torch.manual_seed(0)
    model = CLIPModel(CLIPConfig(text_config={**text, "bos_token_id": 49406, "eos_token_id": 49407}, vision_config=vision, projection_dim=width))
    build_clip_tokenizer(folder / "files", WHOLE_LIST)
    save_clip(model, folder / "files", folder, MEAN, STD)
    return model.text_model.embeddings.position_embedding.weight.detach().clone()


@pytest.mark.parametrize("name", ["vit-b-16", pytest.param("vit-l-14", marks=pytest.mark.slow)])
def test_one_step_from_a_checkpoint_folder_of_the_real_size(name, faces, tmp_path):
    before, folder = save_random(name, tmp_path / "published"), tmp_path / "published"
    sets = {"init": str(folder), "device": "cpu", "fp16": False, "steps": 1, "batch": 2, "short_pca": None, "lr": 0.01, "warmup": 1, "eval_count": 2}
    config = command.read_config("clip", CONFIGS / f"{name}.json", [f"{key}={json.dumps(value)}" for key, value in sets.items()], False)
    task = command.make_task("clip", config, command.Paths(faces, tmp_path / "runs", tmp_path / "cache"))
    assert task.model.config.text_config.max_position_embeddings == 248 and task.model.logit_scale.exp().item() == pytest.approx(100)
    old = {key: value.detach().clone() for key, value in task.model.named_parameters() if key.endswith(("layers.3.mlp.fc1.weight", "projection.weight"))}
    assert len(old) == 4
    values = train(task, config, tmp_path / "runs" / "clip")
    assert 0 <= values["emotion_top1"] <= 1
    assert all(not value.equal(task.model.get_parameter(key)) for key, value in old.items())
    saved = CLIPModel.from_pretrained(tmp_path / "runs" / "clip" / "model")
    positions = saved.text_model.embeddings.position_embedding.weight
    assert positions.shape[0] == 248 and positions[:20].equal(before[:20]) and not positions[20].equal(before[20])
    settings = json.loads((tmp_path / "runs" / "clip" / "model" / "preprocessor_config.json").read_text())
    assert settings["image_mean"] == MEAN and settings["size"]["height"] == 224
    shutil.rmtree(tmp_path)


def test_a_folder_that_is_no_checkpoint_is_named(faces, tmp_path):
    config = command.read_config("clip", CONFIGS / "vit-b-16.json", [f'init="{tmp_path}"'], False)
    with pytest.raises(SystemExit, match="expected a transformers CLIP folder"):
        command.make_task("clip", config, command.Paths(faces, tmp_path / "runs", None))
