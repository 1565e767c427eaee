import json
from types import SimpleNamespace

import pytest
import torch
from torch import nn

from moodifier_train.data.byte_tokenizer import BOS, EOS, SEP, build_byte_tokenizer
from moodifier_train.data.reply import annotation_schema, encode_segments, plan_schema, segments
from moodifier_train.tasks.planner_decode import Decoder, box_iou

SCHEMA = plan_schema(["face"], ["mouth", "eyes", "eyebrows", "face"])
REGIONS = [{"label": "mouth", "box": [0.31, 0.55, 0.69, 0.8]}, {"label": "eyebrows", "box": [0.0, 0.07, 0.5, 0.99]}]
PLAN = {"category": "face", "source": "A face. The mouth is shut.", "target": "A face. The mouth is open.", "kind": "shape", "regions": REGIONS}
NOTE_SCHEMA = annotation_schema(["joy", "sadness"])
NOTE = {"summary": "A face.", "stimuli": [{"text": f"Part {n}.", "box": [0.1, 0.2, 0.3, 0.45]} for n in "abc"], "overall": "The picture conveys joy.", "emotion": "joy"}


def test_plan_segments_are_literals_fields_and_choices():
    parts = [(s.kind, s.text) for s in segments(SCHEMA, PLAN)]
    assert parts[:7] == [
        ("literal", '{"category":"'), ("enum", "face"), ("literal", '","source":"'), ("text", PLAN["source"]),
        ("literal", '","target":"'), ("text", PLAN["target"]), ("literal", '","kind":"'),
    ]  # fmt: skip
    assert parts[8:14] == [("literal", '","regions":[{"label":"'), ("enum", "mouth"), ("literal", '","box":[0.'), ("digits", "31"), ("literal", ",0."), ("digits", "55")]
    assert [t for k, t in parts if k == "choice"] == [",", "]"]
    assert parts[-3:] == [("literal", "]}"), ("choice", "]"), ("literal", "}")]


@pytest.mark.parametrize("schema, value", [(SCHEMA, PLAN), (NOTE_SCHEMA, NOTE)])
def test_segments_joined_are_compact_json_in_schema_order(schema, value):
    text = "".join(s.text for s in segments(schema, value))
    assert json.loads(text) == value
    assert list(json.loads(text)) == list(schema["properties"]) and " :" not in text and ": " not in text


def test_a_coordinate_of_one_is_written_as_0_99():
    box = segments(SCHEMA, {**PLAN, "regions": [{"label": "face", "box": [0, 0, 1, 1]}]})
    assert [s.text for s in box if s.kind == "digits"] == ["00", "00", "99", "99"]


class Script(nn.Module):
    """A language model that knows one sequence by heart: after n tokens it wants the (n+1)th, and dislikes every other."""

    def __init__(self, ids, vocabulary):
        super().__init__()
        self.ids, self.embedding, self.config = ids, nn.Embedding(vocabulary, 4), SimpleNamespace(vocab_size=vocabulary, num_hidden_layers=1, get_text_config=lambda **_: self.config)
        self.seen = -1  # the image token is not in the sequence

    def get_input_embeddings(self):
        return self.embedding

    def forward(self, input_ids=None, inputs_embeds=None, **_):
        if input_ids is not None:
            assert input_ids[0].tolist() == self.ids[self.seen : self.seen + input_ids.shape[1]]
        count = (input_ids if input_ids is not None else inputs_embeds).shape[1]
        self.seen += count
        logits = torch.zeros(1, count, self.config.vocab_size)
        if self.seen < len(self.ids):
            logits[0, -1, self.ids[self.seen]] = 1
        return SimpleNamespace(logits=logits)


@pytest.mark.parametrize("schema, value", [(SCHEMA, PLAN), (NOTE_SCHEMA, NOTE)])
def test_decoding_walks_exactly_the_training_sequence(schema, value, tmp_path):
    tokenizer = build_byte_tokenizer([s.text for s in segments(schema, value)] * 4, tmp_path, 400)
    ids = [BOS, *tokenizer.encode("Request.").ids, SEP, *(t for s in encode_segments(tokenizer, segments(schema, value)) for t in s), EOS]
    model = SimpleNamespace(decoder=Script(ids, 400), image_tokens=lambda pixels: torch.zeros(1, 1, 4))
    assert Decoder(model, tokenizer, 400).reply(None, "Request.", schema) == value


def test_a_reply_beyond_the_limit_is_none(tmp_path):
    tokenizer = build_byte_tokenizer(["a"], tmp_path, 300)
    model = SimpleNamespace(decoder=Script([], 300), image_tokens=lambda pixels: torch.zeros(1, 1, 4))
    model.decoder.forward = lambda **_: SimpleNamespace(logits=torch.ones(1, 1, 300))
    assert Decoder(model, tokenizer, 30).reply(None, "Request.", SCHEMA) is None


def test_box_iou():
    assert box_iou([0, 0, 1, 1], [0, 0, 0.5, 1]) == pytest.approx(0.5)
    assert box_iou([0, 0, 0.2, 0.2], [0.5, 0.5, 1, 1]) == 0
