"""Reader of the `moodworld-raw` version 1 data set (documented in training/README.md)."""

import hashlib
import json
from pathlib import Path

import numpy as np
from PIL import Image


REGION_LABELS = ["mouth", "eyes", "eyebrows", "face", "cheeks", "tears"]
"""Parts of faces that an edit may change; the planner names them and the segmenter finds them."""


class DataError(Exception):
    """The data set folder is missing something or does not have the documented form."""


class MoodWorld:
    """Pictures, part masks and records of one data set folder; the big arrays stay memory mapped.

    images: uint8 [count, size, size, 3] RGB; parts: uint8 [count, size, size] part ids (index into `part_names`);
    records: list of dicts in index order; train, val: int arrays of picture indices (split by identity).
    """

    def __init__(self, root, cache=None):
        self.root = Path(root)
        if not (self.root / "dataset.json").exists():
            raise DataError(f"{self.root}: expected a moodworld-raw folder with dataset.json, found none")
        self.info = json.loads((self.root / "dataset.json").read_text())
        if (self.info.get("format"), self.info.get("version")) != ("moodworld-raw", 1):
            raise DataError(f"{self.root}: expected format moodworld-raw version 1, got {self.info.get('format')} {self.info.get('version')}")
        self.size, self.count, self.part_names = self.info["size"], self.info["count"], self.info["parts"]
        self.images = self._map("images.u8", (self.count, self.size, self.size, 3))
        self.parts = self._map("parts.u8", (self.count, self.size, self.size))
        with open(self.root / "records.jsonl", encoding="utf-8") as lines:
            self.records = [json.loads(line) for line in lines if line.strip()]
        if len(self.records) != self.count or any(r["index"] != i for i, r in enumerate(self.records)):
            raise DataError(f"{self.root}: expected {self.count} records in index order, got {len(self.records)}")
        self.pair = np.array([r["pair"] for r in self.records])
        self.train = np.array([i for i, r in enumerate(self.records) if r["split"] == "train"])
        self.val = np.array([i for i, r in enumerate(self.records) if r["split"] == "val"])
        self.emotions = sorted({r["emotion"] for r in self.records})
        self.cache = Path(cache) if cache else self.root / "cache"

    def _map(self, name, shape):
        path, expected = self.root / name, int(np.prod(shape))
        if not path.exists() or path.stat().st_size != expected:
            raise DataError(f"{path}: expected {expected} bytes, got {path.stat().st_size if path.exists() else 'no file'}")
        return np.memmap(path, dtype=np.uint8, mode="r", shape=shape)

    def pictures(self, size):
        """uint8 [count, size, size, 3]: area-downsampled copies (bicubic where `size` does not divide), in memory, cached as .npy beside the data."""
        return self.cached(f"images{size}", lambda: _bicubic(self.images, size) if self.size % size else _blocks(self.images, self.size // size, _mean))

    def part_maps(self, size):
        """uint8 [count, size, size]: every cell takes the highest-priority part inside it (small parts survive)."""
        return self.cached(f"parts{size}", lambda: _blocks(self.parts, self._factor(size), _rarest))

    def _factor(self, size):
        if self.size % size:
            raise DataError(f"expected a size that divides {self.size}, got {size}")
        return self.size // size

    def cached(self, name, build):
        """Load the array `name` from the cache, or build and store it atomically. Keyed by the data digest."""
        path = self.cache / f"{name}-{self.digest()[:12]}.npy"
        if not path.exists():
            self.cache.mkdir(parents=True, exist_ok=True)
            part = path.with_suffix(".part.npy")
            np.save(part, build())
            part.replace(path)
        return np.load(path)

    def digest(self):
        """sha256 of dataset.json and records.jsonl; the renderer is deterministic, so these name the pixels too."""
        if not hasattr(self, "_digest"):
            text = (self.root / "dataset.json").read_bytes() + (self.root / "records.jsonl").read_bytes()
            self._digest = hashlib.sha256(text).hexdigest()
        return self._digest


def full_text(record):
    """T_f: the five sentences."""
    return record["caption"]


def short_text(record):
    """T_s: the first and the last sentence."""
    return f"{record['summary']} {record['overall']}"


def _blocks(array, factor, reduce, chunk=256):
    """Reduce every factor x factor block of [count, H, W, ...], a chunk of pictures at a time."""
    if factor == 1:
        return np.array(array)
    parts = []
    for start in range(0, len(array), chunk):
        block = np.asarray(array[start : start + chunk])
        n, h, w, *rest = block.shape
        parts.append(reduce(block.reshape(n, h // factor, factor, w // factor, factor, *rest)))
    return np.concatenate(parts)


def _bicubic(array, size):
    return np.stack([np.asarray(Image.fromarray(picture).resize((size, size), Image.Resampling.BICUBIC)) for picture in array])


def _mean(block):
    n = block.shape[2] * block.shape[4]
    return ((block.sum(axis=(2, 4), dtype=np.uint32) + n // 2) // n).astype(np.uint8)


def _rarest(block):
    """Parts 1, 2, 3 (mouth, eyes, eyebrows) win over 4 (face) and 4 over 0 (other): the small ones decide."""
    priority = np.where(block == 0, 0, 255 - block).max(axis=(2, 4))
    return np.where(priority == 0, 0, 255 - priority).astype(np.uint8)
