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


def calibration_feeds(order, out, entries, limit=8, steps=4):
    """Feeds of `steps`-step edits of up to `limit` pictures of `order.calibration`; of noise, when there is no folder."""
    side = min(order.diffusion.unet.config.sample_size, 32)
    recorder = Recorder(open_session(out / entries["denoiser"]["file"]))
    layers = entries["denoiser"]["inputs"]["self_q"]["dims"][0]
    for number, (x0, source, target) in enumerate(clean_latents(order, out, side, limit)):
        inputs = edit_inputs(order, out, x0, source, target, seed=number, steps=steps)
        served_edit(recorder, layers, inputs, order.diffusion.schedule)
    return recorder.feeds


def clean_latents(order, out, side, limit):
    if order.calibration is None:
        order.provenance["calibration"] = "noise"
        yield torch.randn(1, 4, side, side, generator=torch.Generator().manual_seed(1)) * 0.8, SOURCE, TARGET
        return
    order.provenance["calibration"] = str(order.calibration.name)
    encoder, scale = open_session(out / "vae_encoder.onnx"), order.diffusion.vae.vae.config.scaling_factor
    for pixels, caption in read_pictures(order.calibration, side * 8, limit):
        yield torch.from_numpy(encoder.run(["latent"], {"pixel_values": pixels})[0]) * scale, caption, TARGET


def edit_inputs(order, out, x0, source, target, seed, steps):
    """The edit of one latent in a box of its middle, with texts through the exported text encoder."""
    tokenizer, session = load_clip_tokenizer(order.clip.tokenizer), open_session(out / "text_encoder.onnx")
    length = session_length(order)
    end = order.clip.end
    tokens = [tokenizer(text, truncation=True, max_length=length)["input_ids"] for text in ("", source, target)]
    padded = np.array([ids + [end] * (length - len(ids)) for ids in tokens], np.int64)
    states = torch.from_numpy(session.run(["hidden_states"], {"input_ids": padded})[0])
    mask = torch.zeros(1, 1, *x0.shape[-2:])
    mask[:, :, x0.shape[2] // 4 : -x0.shape[2] // 4, x0.shape[3] // 4 : -x0.shape[3] // 4] = 1
    return EditInputs(x0, *states.split(1), tokens[1], tokens[2], mask, seed, steps, 2.0, 0.7, 0.3)


def session_length(order):
    length = order.clip.model.config.text_config.max_position_embeddings
    return length if order.tower == "clip" else min(length, order.diffusion.text.config.max_position_embeddings)
