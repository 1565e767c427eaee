"""Goldens of the full edit and of the text tower on the tiny family."""

import numpy as np
import torch

from ..data.clip_tokenizer import load_clip_tokenizer
from .encoders import TextEncoder
from .golden_files import Arrays, floats, write_json
from .manifest import SCHEDULE
from .random import gaussian_noise
from .reference_edit import EditInputs, edit
from .samples import SOURCE, TARGET

SHORT = ("A person. The mouth is a thin line.", "A person. The mouth is a wide open smile.")


def masks(height, width):
    hard = np.zeros((1, 1, height, width), np.float32)
    hard[:, :, height // 2 : height - 3, 3 : width - 2] = 1
    ys, xs = np.mgrid[0:height, 0:width]
    soft = np.exp(-(((ys - height * 0.6) / (height * 0.3)) ** 2) - ((xs - width * 0.4) / (width * 0.3)) ** 2).astype(np.float32)[None, None]
    return {"hard": hard, "soft": soft, "full": np.ones_like(hard)}


def write_edit_loop(out, family):
    tokenizer, arrays, cases = load_clip_tokenizer(family.tokenizers["clip"]), Arrays(), []
    settings = [
        ("defaults", (SOURCE, TARGET), (16, 16), "hard", 7, 8, 2.5, 0.6, 0.3),
        ("twelve steps, soft mask", (SOURCE, TARGET), (16, 16), "soft", 2**40 + 3, 12, 2.0, 0.7, 0.3),
        ("short captions, wide latent, whole picture", SHORT, (16, 24), "full", 0, 4, 4.0, 1.0, 1.0),
        ("no control, odd latent", SHORT, (13, 18), "hard", 5, 4, 2.5, 0.0, 0.0),
    ]
    for number, (name, captions, (h, w), mask, seed, steps, guidance, cross, self_) in enumerate(settings):
        source, target, empty = (tokenizer(text)["input_ids"] for text in (*captions, ""))
        length = -(-max(len(source), len(target)) // 16) * 16
        inputs = EditInputs(
            torch.from_numpy(gaussian_noise(900 + number, 0, (1, 4, h, w)) * 0.8), *(states(family, ids, length) for ids in (empty, source, target)), source, target,
            torch.from_numpy(masks(h, w)[mask]), seed, steps, guidance, cross, self_,
        )
        final, trace = edit(family.unet, inputs, SCHEDULE)
        keep = lambda kind, tensor: arrays.add(f"{number}.{kind}", tensor.numpy())
        cases.append({
            "name": name, "seed": str(seed), "steps": steps, "guidanceScale": guidance, "crossReplace": cross, "selfReplace": self_,
            "captions": {"source": captions[0], "target": captions[1]}, "sourceTokens": source, "targetTokens": target, "length": length,
            "x0": keep("x0", inputs.x0), "textEmpty": keep("textEmpty", inputs.empty), "textSource": keep("textSource", inputs.source), "textTarget": keep("textTarget", inputs.target),
            "mask": keep("mask", inputs.mask), "finalX0": keep("finalX0", final), "trace": trace,
        })
        print(f"edit loop, {name}: change {float((final - inputs.x0).abs().max()):.3f}, std {float(final.std()):.3f}", flush=True)
    arrays.write(out / "edit-loop.bin")
    write_json(out / "edit-loop.json", {"tolerance": 2e-3, "family": "tiny", "arrays": arrays.index, "cases": cases})


@torch.no_grad()
def states(family, ids, length):
    end = family.clip_tokens[1]
    padded = torch.tensor([ids + [end] * (length - len(ids))])
    return family.clip.text_model(padded).last_hidden_state


@torch.no_grad()
def write_text_encoder(out, family):
    tokenizer, cases = load_clip_tokenizer(family.tokenizers["clip"]), []
    module = TextEncoder(family.clip.text_model, family.clip.text_projection, family.clip_tokens[1])
    for text in ("", SOURCE, TARGET, "joy"):
        ids = tokenizer(text)["input_ids"]
        padded = torch.tensor([ids + [family.clip_tokens[1]] * (-len(ids) % 16)])
        hidden, embedding = module(padded)
        assert torch.allclose(hidden, family.clip.text_model(padded).last_hidden_state, atol=1e-4)
        cases.append({"text": text, "ids": ids, "embedding": floats(embedding), "firstState": floats(hidden[0, 0]), "lastState": floats(hidden[0, len(ids) - 1])})
    write_json(out / "text-encoder.json", {"family": "tiny", "tolerance": 1e-4, "cases": cases})
