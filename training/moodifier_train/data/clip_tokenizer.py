"""CLIP's byte-pair tokenizer with the merge list cut short: vocab.json and merges.txt in CLIP's own file format.

vocab = 256 bytes + 256 bytes at a word's end + `merges` merges + start + end; the merges come from CLIP's `bpe_simple_vocab`
as shipped in the MIT-licensed open_clip_torch package.
"""

import gzip
import importlib.util
import json
from pathlib import Path

import numpy as np
from transformers import CLIPTokenizer

START, END = "<|startoftext|>", "<|endoftext|>"
MERGES = 7680
MAX_LENGTH = 248


def byte_symbols():
    """The 256 printable stand-ins for bytes, in CLIP's vocabulary order (printable bytes first)."""
    kept = [*range(33, 127), *range(161, 173), *range(174, 256)]
    rest = [b for b in range(256) if b not in kept]
    return [chr(b) for b in kept] + [chr(256 + i) for i in range(len(rest))]


def build_clip_tokenizer(folder, merges=MERGES):
    """Write vocab.json, merges.txt and the tokenizer's configuration into `folder`; returns the loaded tokenizer."""
    package = Path(importlib.util.find_spec("open_clip").origin).parent
    lines = gzip.open(package / "bpe_simple_vocab_16e6.txt.gz").read().decode("utf-8").split("\n")[1 : merges + 1]
    symbols = byte_symbols()
    words = symbols + [s + "</w>" for s in symbols] + ["".join(line.split()) for line in lines] + [START, END]
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "vocab.json").write_text(json.dumps({w: i for i, w in enumerate(words)}, ensure_ascii=False), encoding="utf-8")
    (folder / "merges.txt").write_text("#version: 0.2\n" + "\n".join(lines) + "\n", encoding="utf-8")
    return _finish(folder)


def adopt_clip_tokenizer(source, folder):
    """Copy the two files of a saved CLIP folder into `folder`, with our configuration; returns the loaded tokenizer."""
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    for name in ("vocab.json", "merges.txt"):
        (folder / name).write_bytes((Path(source) / name).read_bytes())
    return _finish(folder)


def _finish(folder):
    settings = {"tokenizer_class": "CLIPTokenizer", "bos_token": START, "eos_token": END, "unk_token": END, "pad_token": END, "model_max_length": MAX_LENGTH}
    (folder / "tokenizer_config.json").write_text(json.dumps(settings, indent=2) + "\n")
    return load_clip_tokenizer(folder)


def load_clip_tokenizer(folder):
    """The transformers tokenizer over the two files of `folder`."""
    vocab = json.loads((Path(folder) / "vocab.json").read_text(encoding="utf-8"))
    lines = (Path(folder) / "merges.txt").read_text(encoding="utf-8").split("\n")
    merges = [tuple(line.split()) for line in lines[1:] if line]
    return CLIPTokenizer(vocab=vocab, merges=merges, unk_token=END, bos_token=START, eos_token=END, pad_token=END, model_max_length=MAX_LENGTH)


def encode_all(tokenizer, texts, length=None, multiple=1):
    """ids int64 [n, L] padded with the end token and lengths int64 [n] (start and end included).

    L = `length`, or the longest text rounded up to `multiple`; longer texts are cut, keeping the end token.
    """
    rows = tokenizer(list(texts), truncation=True, max_length=MAX_LENGTH)["input_ids"]
    lengths = np.array([len(r) for r in rows])
    size = length or -(-int(lengths.max()) // multiple) * multiple
    end = tokenizer.eos_token_id
    ids = np.full((len(rows), size), end, dtype=np.int64)
    for row, tokens in zip(ids, rows):
        row[: min(len(tokens), size)] = tokens[:size]
        row[-1] = end
    return ids, np.minimum(lengths, size)
