"""Goldens of the full edit and of the text tower, on any family; and the exported loop against the eager one."""

import copy
import time

import numpy as np
import torch

from ..data.clip_tokenizer import load_clip_tokenizer
from .encoders import TextEncoder
from .golden_files import Arrays, floats, write_json
from .onnx_graph import ExportError, open_session
from .random import gaussian_noise
from .reference_edit import EditInputs, edit
from .reference_trajectories import edit_along
from .samples import SOURCE, TARGET
from .served_edit import served_edit

TOLERANCE = 2e-3
SHORT = ("A person. The mouth is a thin line.", "A person. The mouth is a wide open smile.")
# name, captions, height and width relative to the family's latent, mask, seed, steps, guidance, cross, self
TWELVE = ("twelve steps, soft mask", (SOURCE, TARGET), (0, 0), "soft", 2**40 + 3, 12, 2.0, 0.7, 0.3)
CASES = [
    ("defaults", (SOURCE, TARGET), (0, 0), "hard", 7, 8, 2.5, 0.6, 0.3),
    TWELVE,
    ("short captions, wide latent, whole picture", SHORT, (0, 8), "full", 0, 4, 4.0, 1.0, 1.0),
    ("no control, odd latent", SHORT, (-3, 2), "hard", 5, 4, 2.5, 0.0, 0.0),
]
# the same, for each trajectory that is not virtual inversion, with the share of the noise levels that it goes through
TRAJECTORIES = [
    (("ddim-inversion", (SOURCE, TARGET), (0, 0), "hard", 11, 6, 2.5, 0.6, 0.4), 1.0),
    (("direct-inversion", SHORT, (-3, 2), "hard", 12, 6, 2.5, 0.6, 0.4), 1.0),
    (("sdedit", SHORT, (0, 0), "hard", 13, 8, 4.0, 0.0, 0.0), 0.75),
]


def masks(height, width):
    hard = np.zeros((1, 1, height, width), np.float32)
    hard[:, :, height // 2 : height - 3, 3 : width - 2] = 1
    ys, xs = np.mgrid[0:height, 0:width]
    soft = np.exp(-(((ys - height * 0.6) / (height * 0.3)) ** 2) - ((xs - width * 0.4) / (width * 0.3)) ** 2).astype(np.float32)[None, None]
    return {"hard": hard, "soft": soft, "full": np.ones_like(hard)}


def make_inputs(family, case, number=0):
    _, captions, grow, mask, seed, steps, guidance, cross, self_ = case
    tokenizer = load_clip_tokenizer(family.tokenizers["clip"])
    h, w = (family.unet.config.sample_size + extra for extra in grow)
    source, target, empty = (tokenizer(text)["input_ids"] for text in (*captions, ""))
    length = -(-max(len(source), len(target)) // 16) * 16
    x0 = torch.from_numpy(gaussian_noise(900 + number, 0, (1, 4, h, w)) * 0.8)
    return EditInputs(x0, *(states(family, ids, length) for ids in (empty, source, target)), source, target, torch.from_numpy(masks(h, w)[mask]), seed, steps, guidance, cross, self_)


def write_trajectories(out, family):
    """edit-trajectories.json and .bin: the baselines' edits, in the form of the edit loop's."""
    runs = {case[0]: lambda *given, case=case, strength=strength: edit_along(*given, case[0], strength) for case, strength in TRAJECTORIES}
    write_edit_loop(out, family, "edit-trajectories", [case for case, _ in TRAJECTORIES], runs)


def write_edit_loop(out, family, name="edit-loop", settings=CASES, runs={}):
    """NAME.json and NAME.bin, by `edit` or what `runs` names for a case; `family` is left as it was."""
    arrays, cases = Arrays(), []
    for number, case in enumerate(settings):
        inputs = make_inputs(family, case, number)
        final, trace = runs.get(case[0], edit)(copy.deepcopy(family.unet), inputs, family.schedule)
        keep = lambda kind, tensor: arrays.add(f"{number}.{kind}", tensor.numpy())
        cases.append({
            "name": case[0], "seed": str(inputs.seed), "steps": inputs.steps, "guidanceScale": inputs.guidance, "crossReplace": inputs.cross, "selfReplace": inputs.self_,
            "captions": {"source": case[1][0], "target": case[1][1]}, "sourceTokens": inputs.source_tokens, "targetTokens": inputs.target_tokens, "length": inputs.source.shape[1],
            "x0": keep("x0", inputs.x0), "textEmpty": keep("textEmpty", inputs.empty), "textSource": keep("textSource", inputs.source), "textTarget": keep("textTarget", inputs.target),
            "mask": keep("mask", inputs.mask), "finalX0": keep("finalX0", final), "trace": trace,
        })  # fmt: skip
        print(f"{name}, {case[0]}: change {float((final - inputs.x0).abs().max()):.3f}, std {float(final.std()):.3f}", flush=True)
    arrays.write(out / f"{name}.bin")
    write_json(out / f"{name}.json", {"tolerance": TOLERANCE, "family": family.id, "arrays": arrays.index, "cases": cases})


def check_loop(unet, family, path, layers):
    """Largest deviation of the served 12-step edit from the eager unpruned one; ExportError beyond the tolerance. `unet`: uncontrolled."""
    inputs, session = make_inputs(family, TWELVE), open_session(path)
    started = time.monotonic()
    wanted, _ = edit(unet, inputs, family.schedule)
    middle = time.monotonic()
    got, _ = served_edit(session, layers, inputs, family.schedule)
    ended = time.monotonic()
    deviation = float(np.abs(got - wanted.numpy()).max())
    print(f"12-step edit: deviation {deviation:.1e}; eager, 6 rows, maps materialised {middle - started:.2f} s; ONNX Runtime, pruned rows {ended - middle:.2f} s", flush=True)
    if not deviation < TOLERANCE:
        raise ExportError(f"12-step edit differs from the eager reference by {deviation:.2e}, allowed {TOLERANCE:.0e}")
    return deviation


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
