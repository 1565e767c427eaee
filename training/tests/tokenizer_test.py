import json

from moodifier_train.data.byte_tokenizer import build_byte_tokenizer
from moodifier_train.data.clip_tokenizer import build_clip_tokenizer, encode_all


def test_clip_tokenizer_has_the_documented_vocabulary_and_padding(tmp_path):
    tokenizer = build_clip_tokenizer(tmp_path)
    vocab = json.loads((tmp_path / "vocab.json").read_text(encoding="utf-8"))
    assert len(vocab) == 8194 and vocab["<|startoftext|>"] == 8192 and vocab["<|endoftext|>"] == 8193
    assert vocab["!"] == 0 and vocab["!</w>"] == 256 and vocab["in"] == 512
    ids, lengths = encode_all(tokenizer, ["The picture conveys joy.", ""], multiple=16)
    assert ids.shape == (2, 16) and ids[0, 0] == 8192 and ids[0, lengths[0] - 1] == 8193
    assert list(ids[1]) == [8192] + [8193] * 15 and lengths[1] == 2
    long, size = encode_all(tokenizer, ["joy " * 400])
    assert long.shape == (1, 248) and long[0, -1] == 8193 and size[0] == 248


def test_byte_tokenizer_splits_digits_and_round_trips_any_text(tmp_path):
    tokenizer = build_byte_tokenizer(["The mouth is a wide smile.", '{"label":"mouth","box":[0.'] * 20, tmp_path, 300)
    assert len(tokenizer.encode("0731").ids) == 4
    for text in ("The mouth", "naïve 笑 🙂", " leading", "<|eos|>"):
        ids = tokenizer.encode(text).ids
        assert tokenizer.decode(ids) == text and min(ids) > 3
