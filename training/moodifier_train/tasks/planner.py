"""The planner: picture + request -> JSON plan or annotation. Loss on the reply's tokens, decoding constrained by the schema."""

import shutil
from pathlib import Path

import numpy as np
import torch
from torch import nn
from transformers import CLIPVisionModel

from ..data.byte_tokenizer import BOS, EOS, PAD, SEP, build_byte_tokenizer, load_byte_tokenizer
from ..data.moodworld import REGION_LABELS, MoodWorld
from ..data.part_words import PartWords, shared_words
from ..data.reply import annotation_schema, encode_segments, plan_schema, segments
from ..models.domain import fit_domain
from ..models.planner import Planner, make_decoder
from .clip import to_pixels
from .planner_decode import Decoder, box_iou

PLAN_REQUEST = "Plan an edit that makes this picture express {emotion} at intensity {intensity:.1f}."
ONLY_REGION = " Only change the {region}."
ANNOTATE_REQUEST = "Describe this picture and the emotion it evokes."
KNOWN = 2000  # training pictures that the domain is fitted on
CATEGORIES, KINDS = ["face"], ["shape", "colour", "material", "style", "add", "remove"]


class PlannerTask:
    """One example is a picture of the data set, asked for its partner's emotion, or (`annotate_share`) for its annotation.

    Two losses more teach the vision tower to look, and are not part of the planner: from the states of the patches alone, `grounding` says
    which parts each patch shows, and `reading` which words the caption has for a part. They need no decoder: all steps save `reply_share`
    of them train the tower alone, on `look_batch` pictures. `source_share` of the steps with replies stop behind the source caption and take
    `source_batch` pictures: that part has to be read off the picture, while the rest mostly follows from it and the request.
    """

    def __init__(self, config, paths):
        self.config, self.world = config, MoodWorld(paths.data, paths.cache)
        vision = CLIPVisionModel.from_pretrained(paths.model("clip", config["clip"]), attn_implementation="sdpa")
        self.plan_schema, self.annotation_schema = plan_schema(CATEGORIES, REGION_LABELS, KINDS), annotation_schema(self.world.emotions)
        self.tokenizer = self.make_tokenizer(paths.runs / "tokenizer" / "planner")
        self.model = Planner.from_pretrained(config["init"]) if config["init"] else Planner(vision, make_decoder(config["decoder"], config["vocabulary"]))
        size, patch, width = vision.config.image_size, vision.config.patch_size, vision.config.hidden_size
        self.images, self.patches = self.world.pictures(size), self.parts_of_patches(size, patch)
        self.words = PartWords(self.world.records, size // patch)
        self.model.grounding, self.model.reading = nn.Linear(width, len(REGION_LABELS)), nn.Linear(width, len(self.words.vocabulary))
        self.pieces = {}

    def make_tokenizer(self, folder):
        """The tokenizer in `folder`, which a continued planner (`init`) brings along: its embeddings mean nothing behind another one."""
        if not self.config["init"]:
            return build_byte_tokenizer(self.corpus(), folder, self.config["vocabulary"])
        own = Path(self.config["init"]).parents[1] / "tokenizer" / "planner"
        if own.resolve() != folder.resolve():
            shutil.copytree(own, folder, dirs_exist_ok=True)
        return load_byte_tokenizer(folder)

    def parts_of_patches(self, size, patch):
        """bool [count, patches, labels]: whether any pixel of a patch belongs to the part of that name."""
        maps, names, side = self.world.part_maps(size), self.world.part_names, size // patch
        cells = maps.reshape(len(maps), side, patch, side, patch)
        shows = [(cells == names.index(label)).any(axis=(2, 4)) if label in names else np.zeros((len(maps), side, side), bool) for label in REGION_LABELS]
        return np.stack(shows, -1).reshape(len(maps), side * side, -1)

    def corpus(self):
        """The texts that the byte-pair merges are learned from: every segment of a sample of replies, and the requests."""
        texts = []
        for i in self.world.train[:: max(1, len(self.world.train) // 3000)]:
            for request, schema, reply in (self.plan(i), self.annotation(i)):
                texts += [request, *(s.text for s in segments(schema, reply))]
        return texts

    def plan(self, i, region=None):
        record, partner = self.world.records[i], self.world.records[self.world.pair[i]]
        request = PLAN_REQUEST.format(emotion=partner["emotion"], intensity=partner["intensity"]) + (ONLY_REGION.format(region=region["label"]) if region else "")
        regions = [region] if region else record["regions"]
        reply = {"category": record["category"], "source": record["caption"], "target": partner["caption"], "kind": record["kind"], "regions": regions}
        if region:
            reply["target"] = _only(record, partner, region["label"])
        return request, self.plan_schema, reply

    def annotation(self, i):
        record = self.world.records[i]
        stimuli = [{"text": s["text"], "box": s["box"]} for s in record["stimuli"]]
        return ANNOTATE_REQUEST, self.annotation_schema, {"summary": record["summary"], "stimuli": stimuli, "overall": record["overall"], "emotion": record["emotion"]}

    def encode(self, text):
        """Token ids of one segment, remembered: the same sentences come again and again."""
        if text not in self.pieces:
            self.pieces[text] = self.tokenizer.encode(text).ids
        return self.pieces[text]

    def tokens(self, request, schema, reply, whole=True):
        """(ids, weights): the whole sequence and what each token counts in the loss: nothing before the reply and where the grammar leaves
        no choice, `digit_weight` for the digits of boxes (a few tokens among hundreds), `target_weight` for the target prompt, which the
        edit stands on, 1 for the rest of the reply. Unless `whole`, it ends before the target prompt."""
        worth = {"literal": 0.0, "digits": self.config["digit_weight"]}
        ids = [BOS, *self.encode(request), SEP]
        weights = [0.0] * len(ids)
        parts = segments(schema, reply)
        for at, part in enumerate(parts):
            if not whole and part.text == reply.get("target"):
                return ids, weights
            tokens = self.encode(part.text)
            # The first token of the literal behind a string is the choice to end it.
            ends = part.kind == "literal" and at > 0 and parts[at - 1].kind in ("text", "enum")
            weight = self.config["target_weight"] if part.text == reply.get("target") else worth.get(part.kind, 1.0)
            ids += tokens
            weights += [1.0 if ends else weight, *[weight] * (len(tokens) - 1)]
        return [*ids, EOS], [*weights, 0.0]

    def batch(self, rng, progress):
        replies = rng.random() < self.config["reply_share"]
        whole = rng.random() >= self.config["source_share"]
        index = rng.choice(self.world.train, self.config["look_batch" if not replies else "batch" if whole else "source_batch"])
        look = {"pixels": to_pixels(self.images[index])}
        look |= {name: torch.from_numpy(array[index]).float() for name, array in (("parts", self.patches), ("pools", self.words.pools), ("said", self.words.said), ("asked", self.words.asked))}
        return look | self.replies(rng, index, whole) if replies else look

    def replies(self, rng, index, whole):
        rows = []
        for i in index:
            if rng.random() < self.config["annotate_share"]:
                rows.append(self.tokens(*self.annotation(i)))
            else:
                regions = self.world.records[i]["regions"]
                only = len(regions) > 1 and rng.random() < self.config["region_share"]
                rows.append(self.tokens(*self.plan(i, regions[rng.integers(len(regions))] if only else None), whole))
        ids = np.full((len(rows), max(len(r) for r, _ in rows)), PAD)
        weight = np.zeros(ids.shape, np.float32)
        for row, (tokens, weights) in enumerate(rows):
            ids[row, : len(tokens)] = tokens
            weight[row, : len(tokens)] = weights
        return {"ids": torch.from_numpy(ids), "weight": torch.from_numpy(weight)}

    def losses(self, batch):
        states = self.model.patch_states(batch["pixels"])
        asked, logits = batch["asked"], self.model.reading(batch["pools"] @ states).float()
        grounding = nn.functional.binary_cross_entropy_with_logits(self.model.grounding(states).float(), batch["parts"])
        reading = nn.functional.binary_cross_entropy_with_logits(logits, batch["said"], weight=asked, reduction="sum") / asked.sum()
        losses = {"grounding_loss": self.config["grounding_weight"] * grounding, "reading_loss": self.config["reading_weight"] * reading}
        return losses | (self.reply_losses(states, batch) if "ids" in batch else {})

    def reply_losses(self, states, batch):
        ids, weight = batch["ids"], batch["weight"][:, 1:]
        logits = self.model(self.model.projector(states), ids[:, :-1])
        picked = weight > 0
        each = nn.functional.cross_entropy(logits[picked], ids[:, 1:][picked], reduction="none")
        loss = (each * weight[picked]).sum() / weight[picked].sum()
        return {"reply_loss": loss, "token_accuracy": (logits[picked].argmax(-1) == ids[:, 1:][picked]).float().mean()}

    def param_groups(self, lr):
        vision, rest = list(self.model.vision.parameters()), [*self.model.projector.parameters(), *self.model.grounding.parameters(), *self.model.reading.parameters(), *self.model.decoder.parameters()]
        return [{"params": [p for p in vision if p.requires_grad], "lr": lr * self.config["vision_lr"]}, {"params": rest}]

    def evaluate(self):
        """Greedy constrained plans on val: valid JSON rate, region IoU, exact labels; and the emotion named by annotations.

        source_words: how alike (`shared_words`) the source caption and the truth describe each of the three parts; two phrasings of one look count as unlike.
        """
        decoder, index = Decoder(self.model, self.tokenizer, self.config["max_reply"]), self.world.val[: self.config["eval_count"]]
        valid, labels, overlaps, emotions, source, words = [], [], [], [], [], []
        for n, i in enumerate(index):
            pixels = to_pixels(self.images[[i]])
            request, schema, truth = self.plan(i)
            reply = decoder.reply(pixels, request, schema)
            valid.append(reply is not None)
            regions = reply["regions"] if reply else []
            labels.append([r["label"] for r in regions] == [r["label"] for r in truth["regions"]])
            boxes = {r["label"]: r["box"] for r in regions}
            overlaps += [box_iou(boxes[r["label"]], r["box"]) if r["label"] in boxes else 0.0 for r in truth["regions"]]
            source.append(bool(reply) and reply["source"] == truth["source"])
            said, meant = ((value["source"] if value else "").split(". ")[1:4] for value in (reply, truth))
            words += [shared_words(a, b) for a, b in zip(said, meant)] if len(said) == len(meant) else [0.0] * len(meant)
            if n < len(index) // 2:
                note = decoder.reply(pixels, *self.annotation(i)[:2])
                emotions.append(bool(note) and note["emotion"] == self.world.records[i]["emotion"])
        mean = lambda values: float(np.mean(values)) if values else 0.0
        return {"valid_json": mean(valid), "region_iou": mean(overlaps), "labels_exact": mean(labels), "source_exact": mean(source), "source_words": mean(words), "emotion_top1": mean(emotions)}

    def save(self, folder):
        train = self.world.train[:: max(1, len(self.world.train) // KNOWN)]
        self.model.domain = fit_domain(self.image_tokens(train), self.image_tokens(self.world.val))
        self.model.save_pretrained(folder)

    @torch.no_grad()
    def image_tokens(self, index, chunk=32):
        return torch.cat([self.model.image_tokens(to_pixels(self.images[index[i : i + chunk]])) for i in range(0, len(index), chunk)])


def _only(record, partner, label):
    """The target caption when one region alone may change: the picture's own sentences, save that region's and the last."""
    stimuli = [p["text"] if p["part"] == label else s["text"] for s, p in zip(record["stimuli"], partner["stimuli"])]
    return " ".join([record["summary"], *stimuli, partner["overall"]])
