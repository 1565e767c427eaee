"""The planner's tokenizer: GPT-2 style byte-level BPE, digits split one by one, no prefix space; vocab.json + merges.txt.

The four special tokens have ids but no text form: text that spells one is encoded as ordinary bytes.
"""

from pathlib import Path

from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

SPECIAL = ["<|bos|>", "<|sep|>", "<|eos|>", "<|pad|>"]
BOS, SEP, EOS, PAD = range(4)


def _assemble(model):
    tokenizer = Tokenizer(model)
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([pre_tokenizers.Digits(individual_digits=True), pre_tokenizers.ByteLevel(add_prefix_space=False)])
    tokenizer.decoder = decoders.ByteLevel()
    return tokenizer


def build_byte_tokenizer(texts, folder, size=2048):
    """Train `size` tokens on `texts` (in order: the result depends on nothing else) and write them into `folder`."""
    trainer = trainers.BpeTrainer(vocab_size=size, special_tokens=SPECIAL, initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()), show_progress=False)
    tokenizer = _assemble(models.BPE())
    tokenizer.train_from_iterator(texts, trainer)
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    tokenizer.model.save(str(folder))
    return load_byte_tokenizer(folder)


def load_byte_tokenizer(folder):
    return _assemble(models.BPE.from_file(str(Path(folder) / "vocab.json"), str(Path(folder) / "merges.txt")))
