"""LLaVA in miniature (Liu et al. 2023): CLIP vision patches -> two-layer projector -> causal Llama decoder that writes JSON."""

from pathlib import Path

import torch
from torch import nn
from transformers import CLIPVisionModel, LlamaConfig, LlamaForCausalLM

from ..data.byte_tokenizer import BOS, EOS, PAD
from .domain import Domain


class Planner(nn.Module):
    """vision: CLIPVisionModel; projector: its patch states -> decoder width; decoder: LlamaForCausalLM.

    A sequence is [image tokens][token ids]; image tokens have positions 0..N-1. `domain`, once fitted, tells foreign pictures.
    """

    def __init__(self, vision, decoder):
        super().__init__()
        self.vision, self.decoder = vision, decoder
        width = decoder.config.hidden_size
        self.projector = nn.Sequential(nn.Linear(vision.config.hidden_size, width), nn.GELU(), nn.Linear(width, width))
        self.domain = None

    def image_tokens(self, pixels):
        """pixels [B, 3, S, S] normalised -> [B, N, D]; N = (S / patch)^2, the class token is dropped."""
        return self.projector(self.patch_states(pixels))

    def patch_states(self, pixels):
        """The vision tower's states of the patches, [B, N, width]."""
        return self.vision(pixels).last_hidden_state[:, 1:]

    def forward(self, image_tokens, ids):
        """Logits [B, t, vocab] of the next token after each of the t ids."""
        states = torch.cat([image_tokens, self.decoder.get_input_embeddings()(ids)], dim=1)
        return self.decoder(inputs_embeds=states).logits[:, image_tokens.shape[1] :]

    def save_pretrained(self, folder):
        folder = Path(folder)
        self.vision.save_pretrained(folder / "vision")
        self.decoder.save_pretrained(folder / "decoder")
        torch.save(self.projector.state_dict(), folder / "projector.pt")
        if self.domain:
            torch.save(self.domain.state_dict(), folder / "domain.pt")

    @classmethod
    def from_pretrained(cls, folder):
        folder = Path(folder)
        planner = cls(CLIPVisionModel.from_pretrained(folder / "vision"), LlamaForCausalLM.from_pretrained(folder / "decoder"))
        planner.projector.load_state_dict(torch.load(folder / "projector.pt", map_location="cpu", weights_only=True))
        if (folder / "domain.pt").exists():
            planner.domain = Domain(planner.decoder.config.hidden_size)
            planner.domain.load_state_dict(torch.load(folder / "domain.pt", map_location="cpu", weights_only=True))
        return planner


def make_decoder(sizes, vocabulary):
    """A fresh LlamaForCausalLM with tied embeddings."""
    config = LlamaConfig(vocab_size=vocabulary, tie_word_embeddings=True, bos_token_id=BOS, eos_token_id=EOS, pad_token_id=PAD, max_position_embeddings=1024, **sizes)
    config._attn_implementation = "sdpa"
    return LlamaForCausalLM(config)
