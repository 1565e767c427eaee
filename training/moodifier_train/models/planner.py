"""LLaVA in miniature (Liu et al. 2023): CLIP vision patches -> two-layer projector -> causal Llama decoder that writes JSON."""

import json
from pathlib import Path

import torch
from torch import nn
from transformers import CLIPVisionModel, LlamaConfig, LlamaForCausalLM

from ..data.byte_tokenizer import BOS, EOS, PAD
from .detail import DetailTower
from .domain import Domain
from .part_reader import PartReader

LOOSE = ("projector", "detail", "reader")  # what is neither a transformers model nor fitted afterwards


class Planner(nn.Module):
    """vision: CLIPVisionModel, sees the picture at half the size; detail: `DetailTower`, sees all of it; projector: the patches' states -> decoder width;
    reader: `PartReader`, a token for each part; decoder: LlamaForCausalLM.

    A sequence is [patch tokens][part tokens][token ids]; image tokens have positions 0..N-1. `domain`, once fitted, tells foreign pictures.
    """

    def __init__(self, vision, decoder, detail, parts, words):
        super().__init__()
        width, out = vision.config.hidden_size, decoder.config.hidden_size
        self.vision, self.decoder = vision, decoder
        self.detail, self.reader = DetailTower(detail, width), PartReader(width, out, parts, words)
        if self.detail.patch() != 2 * vision.config.patch_size:
            raise ValueError(f"planner detail: expected stages down to patches of {2 * vision.config.patch_size} pixels, got {self.detail.patch()}")
        self.projector = nn.Sequential(nn.Linear(width, out), nn.GELU(), nn.Linear(out, out))
        self.domain = None

    @property
    def side(self):
        """Pixels along one side of the pictures that it sees."""
        return 2 * self.vision.config.image_size

    def image_tokens(self, pixels):
        """pixels [B, 3, S, S] normalised -> [B, N, D]: the patches, row by row, then the parts."""
        return self.tokens_of(self.patch_states(pixels))

    def tokens_of(self, states):
        return torch.cat([self.projector(states), self.reader(states)[3]], dim=1)

    def patch_states(self, pixels):
        """What both towers see of each patch, [B, (S / 32)^2, width]; the class token is dropped."""
        return self.vision(nn.functional.avg_pool2d(pixels, 2)).last_hidden_state[:, 1:] + self.detail(pixels)

    def forward(self, image_tokens, ids):
        """Logits [B, t, vocab] of the next token after each of the t ids."""
        states = torch.cat([image_tokens, self.decoder.get_input_embeddings()(ids)], dim=1)
        return self.decoder(inputs_embeds=states).logits[:, image_tokens.shape[1] :]

    def save_pretrained(self, folder):
        folder = Path(folder)
        self.vision.save_pretrained(folder / "vision")
        self.decoder.save_pretrained(folder / "decoder")
        sizes = {"detail": self.detail.channels, "parts": self.reader.places.out_features, "words": self.reader.words.out_features}
        (folder / "planner.json").write_text(json.dumps(sizes) + "\n")
        for name in LOOSE:
            torch.save(getattr(self, name).state_dict(), folder / f"{name}.pt")
        if self.domain:
            torch.save(self.domain.state_dict(), folder / "domain.pt")

    @classmethod
    def from_pretrained(cls, folder):
        folder = Path(folder)
        planner = cls(CLIPVisionModel.from_pretrained(folder / "vision"), LlamaForCausalLM.from_pretrained(folder / "decoder"), **json.loads((folder / "planner.json").read_text()))
        read = lambda name: torch.load(folder / f"{name}.pt", map_location="cpu", weights_only=True)
        for name in LOOSE:
            getattr(planner, name).load_state_dict(read(name))
        if (folder / "domain.pt").exists():
            planner.domain = Domain(planner.decoder.config.hidden_size)
            planner.domain.load_state_dict(read("domain"))
        return planner


def make_decoder(sizes, vocabulary):
    """A fresh LlamaForCausalLM with tied embeddings."""
    config = LlamaConfig(vocab_size=vocabulary, tie_word_embeddings=True, bos_token_id=BOS, eos_token_id=EOS, pad_token_id=PAD, max_position_embeddings=1024, **sizes)
    config._attn_implementation = "sdpa"
    return LlamaForCausalLM(config)
