import json
import sys
import xml.etree.ElementTree as ElementTree

import evaluate
import numpy as np
import pytest
import torch
from measure import measure
from sets.picture_set import make_set

from moodifier_train.data.clip_tokenizer import build_clip_tokenizer
from moodifier_train.data.synthetic import make_synthetic
from moodifier_train.models.clip import make_clip, save_clip

EMOTIONS = ["joy", "fear", "awe", "anger"]


class Oracle:
    """Sees the number that a picture is painted with and the digit at the end of a text; prompts stand for their emotions."""

    def embed_pictures(self, pictures):
        return torch.nn.functional.one_hot(torch.tensor([int(p[0, 0, 0]) for p in pictures]), 40).float()

    def embed_texts(self, texts):
        seen = [EMOTIONS.index(text.split()[-1].rstrip(".")) if "conveys" in text else int(text.split()[-1]) for text in texts]
        return torch.nn.functional.one_hot(torch.tensor(seen), 40).float()


def painted(count, label, captions):
    rows = [(np.full((2, 2, 3), i % 4 if label else i, np.uint8), [EMOTIONS[label(i)]] if label else [], captions(i)) for i in range(count)]
    return make_set("painted", "", EMOTIONS, rows)


def test_zero_shot_of_a_perfect_and_of_a_wrong_model():
    right = measure(Oracle(), painted(20, lambda i: i % 4, lambda i: []))["zero_shot"]
    assert right["folds"]["top1"] == [1.0] * 5 and right["chance"] == {"top1": 0.25, "top2": 0.5, "top3": 0.75} and right["pool"] == 4
    assert measure(Oracle(), painted(20, lambda i: (i + 1) % 4, lambda i: []))["zero_shot"]["folds"]["top1"] == [0.0] * 5


def test_retrieval_counts_any_caption_of_a_picture_and_knows_its_chance():
    own = measure(Oracle(), painted(20, None, lambda i: [f"text {i}", f"another {i}"]))["retrieval"]
    assert own["folds"]["i2t_r1"] == own["folds"]["t2i_r1"] == [1.0] * 5 and own["pool"] == 4
    assert own["chance"]["i2t_r1"] == pytest.approx(0.25) and own["chance"]["t2i_r1"] == pytest.approx(0.25) and own["chance"]["t2i_r5"] == 1.0
    others = measure(Oracle(), painted(20, None, lambda i: [f"text {20 + i}"]))["retrieval"]
    assert np.mean(others["folds"]["i2t_r1"]) < 0.6


def save_tiny(folder, seed):
    torch.manual_seed(seed)
    small = {"hidden_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 32}
    build_clip_tokenizer(folder / "tokenizer")
    save_clip(make_clip(small, {"image_size": 32, "patch_size": 16, **small}, 8), folder / "tokenizer", folder, [0.5] * 3, [0.5] * 3)
    return folder


def test_the_command_compares_seeds_of_variants_and_says_chance(tmp_path, monkeypatch):
    data = make_synthetic(tmp_path / "faces", pairs=6, size=64)
    folders = [save_tiny(tmp_path / f"clip{seed}", seed) for seed in (1, 2, 3, 4)]
    models = [f"--model={name}={folder}" for name, folder in zip(["plain", "plain", "full", "full"], folders)]
    monkeypatch.setattr(sys, "argv", ["evaluate.py", *models, f"--set=moodworld={data}", f"--out={tmp_path / 'clip'}", "--count=10"])
    evaluate.main()
    result, text = json.loads((tmp_path / "clip.json").read_text()), (tmp_path / "clip.md").read_text()
    (entry,) = result["sets"].values()
    assert [len(seeds) for seeds in entry["variants"].values()] == [2, 2] and len({m["digest"] for m in result["models"]["plain"] + result["models"]["full"]}) == 4
    assert len(entry["variants"]["full"][1]["zero_shot"]["folds"]["top1"]) == 5 and entry["variants"]["plain"][0]["retrieval"]["pictures"] == 10
    bars = [node for node in ElementTree.parse(tmp_path / "clip.svg").iter("{http://www.w3.org/2000/svg}rect") if node.get("x")]
    assert len(bars) == 3 * 2 and any(float(bar.get("height")) > 0 for bar in bars)
    assert text.count("| *chance* | *") == 1 and "| full − plain | " in text and "10 pictures with a label among 4 emotions" in text


def test_an_unknown_reader_and_a_folder_without_a_model_are_named(tmp_path):
    with pytest.raises(SystemExit, match="expected one of emotion6"):
        evaluate.read_sets([("emoset7", tmp_path)], None)
    with pytest.raises(SystemExit, match="config.json"):
        evaluate.evaluate([("plain", tmp_path)], [])
