"""Feeds of the denoiser for calibration: what it is given during real edits of given pictures."""

from pathlib import Path

import numpy as np
import torch
from PIL import Image

from ..data.clip_tokenizer import load_clip_tokenizer
from ..export.onnx_graph import open_session
from ..export.reference_edit import EditInputs
from ..export.samples import SOURCE, TARGET
from ..export.served_edit import served_edit

PICTURES = (".png", ".jpg", ".jpeg", ".webp")


class Recorder:
    """A session that remembers what it was fed."""

    def __init__(self, session):
        self.session, self.feeds = session, []

    def run(self, outputs, feeds):
        self.feeds.append(dict(feeds))
        return self.session.run(outputs, feeds)


def read_pictures(folder, side, limit):
    """[(pixels float32 [1, 3, side, side] in -1..1, caption)] of a folder as the archive publishes it: NAME.png beside NAME.txt (optional)."""
    paths = sorted(p for p in Path(folder).iterdir() if p.suffix.lower() in PICTURES)[:limit]
    if not paths:
        raise FileNotFoundError(f"--calibration: expected pictures ({', '.join(PICTURES)}) in {folder}, found none")
    for path in paths:
        pixels = np.asarray(Image.open(path).convert("RGB").resize((side, side)), np.float32) / 127.5 - 1
        caption = path.with_suffix(".txt")
        yield pixels.transpose(2, 0, 1)[None], caption.read_text(encoding="utf-8").strip() if caption.is_file() else SOURCE


def calibration_feeds(folder, manifest, pictures, limit=8, steps=4):
    """Feeds of `steps`-step edits of up to `limit` pictures; of one picture of noise, when there is no folder of pictures."""
    folder, graph = Path(folder), manifest["graphs"]["denoiser"]
    recorder = Recorder(open_session(folder / graph["file"]))
    layers = graph["inputs"]["self_q"]["dims"][0]
    for number, (x0, caption) in enumerate(clean_latents(folder, manifest, pictures, limit)):
        inputs = edit_inputs(folder, manifest, x0, caption, seed=number, steps=steps)
        served_edit(recorder, layers, inputs, manifest["noiseSchedule"])
    return recorder.feeds


def clean_latents(folder, manifest, pictures, limit):
    side = min(manifest["image"]["size"], 256)
    cells = side // manifest["latent"]["factor"]
    if pictures is None:
        yield torch.randn(1, 4, cells, cells, generator=torch.Generator().manual_seed(1)) * 0.8, SOURCE
        return
    encoder = open_session(folder / manifest["graphs"]["vae_encoder"]["file"])
    for pixels, caption in read_pictures(pictures, side, limit):
        yield torch.from_numpy(encoder.run(["latent"], {"pixel_values": pixels})[0]) * manifest["latent"]["scalingFactor"], caption


def edit_inputs(folder, manifest, x0, source, seed, steps):
    """The edit of one latent in a box of its middle, with texts through the family's text encoder."""
    entry, text = manifest["tokenizers"]["clip"], manifest["text"]
    tokenizer = load_clip_tokenizer((folder / entry["vocab"]).parent)
    session = open_session(folder / manifest["graphs"]["text_encoder"]["file"])
    tokens = [tokenizer(words, truncation=True, max_length=text["maxLength"])["input_ids"] for words in ("", source, TARGET)]
    multiple = text["lengthMultiple"]
    length = min(-(-max(map(len, tokens)) // multiple) * multiple, text["maxLength"])
    padded = np.array([ids + [entry["padToken"]] * (length - len(ids)) for ids in tokens], np.int64)
    states = torch.from_numpy(session.run(["hidden_states"], {"input_ids": padded})[0])
    mask = torch.zeros(1, 1, *x0.shape[-2:])
    mask[:, :, x0.shape[2] // 4 : -x0.shape[2] // 4, x0.shape[3] // 4 : -x0.shape[3] // 4] = 1
    return EditInputs(x0, *states.split(1), tokens[1], tokens[2], mask, seed, steps, 2.0, 0.7, 0.3)
