"""What a picture shows, part by part: where each part is, and what a caption would say of it, as one token a part for the decoder.

The patches' states hold it too, but a small decoder has to learn to find it among them. The tokens of parts put it in front of it, as the region tokens of
Groma (Ma et al. 2024) do; three linear readings, each trained on its own, make sure that it is there.
"""

import torch
from torch import nn


class PartReader(nn.Module):
    """states [B, N, width] of the patches -> a `Reading`; `tokens` turns its parts into decoder inputs.

    `parts`: how many parts are told apart; `words`: how many words the captions have for them; `out`: decoder width.
    """

    def __init__(self, width, out, parts, words):
        super().__init__()
        self.places, self.words, self.boxes = nn.Linear(width, parts), nn.Linear(width, words), nn.Linear(width, 4)
        self.project, self.spell = nn.Linear(width, out), nn.Linear(words, out, bias=False)
        with torch.no_grad():  # nothing is said and every part lies in the middle, until the states say otherwise
            for head in (self.words, self.boxes):
                head.weight.mul_(0.1)
            self.words.bias.fill_(-4.0)
            self.boxes.bias.fill_(0.5)

    def forward(self, states):
        """(places, words, boxes, tokens): logits [B, N, parts] that a patch shows a part, logits [B, parts, words], boxes [B, parts, 4] in 0..1, tokens [B, parts, out]."""
        places = self.places(states)
        parts = places.softmax(1).transpose(1, 2) @ states
        words = self.words(parts)
        return places, words, self.boxes(parts), self.project(parts) + self.spell(words.sigmoid())

    @torch.no_grad()
    def spell_with(self, embeddings):
        """Start from the decoder's own embeddings [words, out] of the words."""
        self.spell.weight.copy_(embeddings.T)
