"""MoodifyCLIP: four losses (global, summary, fine-grained, optimal transport); zero-shot emotion and retrieval as the measures."""

import math

import numpy as np
import torch
from transformers import CLIPModel

from ..data.clip_tokenizer import build_clip_tokenizer, encode_all
from ..data.moodworld import MoodWorld, full_text, short_text
from ..evaluation.scores import retrieval_recall, top_k_accuracy
from ..losses.contrastive import info_nce
from ..losses.fine_grained import chance_level, fine_grained_loss, region_features
from ..losses.gather import gather_features
from ..losses.optimal_transport import transport_loss
from ..models.clip import make_clip, save_clip
from ..models.dense_patches import embed_pictures
from ..models.stretch import stretch_clip

MEAN, STD = [0.5, 0.5, 0.5], [0.5, 0.5, 0.5]
EMOTION_PROMPT = "The picture conveys {}."
PARTS = 3


def to_pixels(pictures):
    """uint8 [n, H, W, 3] -> float32 [n, 3, H, W] in -1..1 (mean 0.5, std 0.5)."""
    return torch.from_numpy(np.array(pictures)).permute(0, 3, 1, 2).float().div_(127.5).sub_(1)


class ClipTask:
    """Batches hold both pictures of a pair, so that identity cannot explain the caption and the emotion has to.

    `init` continues a saved CLIP folder, its text positions stretched to `positions` when it has fewer; `lock_text` leaves the text tower
    as it is (a denoiser may stand on its states) and trains the vision tower and both projections alone, at a third of the cost.
    `full_share` and `stimuli_share` are the shares of steps that pay for the full caption and for the stimuli.
    """

    def __init__(self, config, paths):
        self.config, self.paths = config, paths
        self.world = MoodWorld(paths.data, paths.cache)
        self.tokenizer_files = paths.runs / "tokenizer" / "clip"
        self.tokenizer = build_clip_tokenizer(self.tokenizer_files)
        self.model = self.make_model()
        self.images = self.world.pictures(self.model.config.vision_config.image_size)
        self.ids, self.groups = {}, {}
        makers = {"full": full_text, "short": short_text, "overall": lambda r: r["overall"], "stimuli": lambda r: [s["text"] for s in r["stimuli"]]}
        for name, make in makers.items():
            texts, inverse = np.unique([make(r) for r in self.world.records], return_inverse=True)
            ids, lengths = encode_all(self.tokenizer, texts)
            self.ids[name], self.groups[name] = (ids, lengths), inverse.reshape(len(self.world.records), -1)
        self.model.text_model.requires_grad_(not config["lock_text"])
        self.pooled = {kind: {} for kind in self.ids}

    def make_model(self):
        if not self.config["init"]:
            return make_clip(self.config["text"], self.config["vision"], self.config["projection"])
        model = CLIPModel.from_pretrained(self.config["init"])
        positions = self.config["positions"]
        return stretch_clip(model, positions) if model.config.text_config.max_position_embeddings < positions else model

    def param_groups(self, lr):
        scale = [self.model.logit_scale]
        rest = [p for n, p in self.model.named_parameters() if n != "logit_scale" and p.ndim > 1]
        flat = [p for n, p in self.model.named_parameters() if n != "logit_scale" and p.ndim <= 1]
        rest, flat = ([p for p in group if p.requires_grad] for group in (rest, flat))
        return [{"params": rest}, {"params": flat, "weight_decay": 0.0}, {"params": scale, "weight_decay": 0.0}]

    def batch(self, rng, progress):
        first = rng.choice(self.world.train, self.config["batch"] // 2, replace=False)
        index = np.concatenate([first, self.world.pair[first]])
        images = self.images[index]
        images = np.where(rng.random((len(images), 1, 1, 1)) < 0.5, images[:, :, ::-1], images)
        kinds = {"short": "overall" if rng.random() < self.config["overall_share"] else "short"}
        for kind, weight in (("full", self.config["full_weight"]), ("stimuli", self.config["fg_weight"] + self.config["ot_weight"])):
            if rng.random() < self.config[f"{kind}_share"] and weight > 0:
                kinds[kind] = kind
        return {"pixels": to_pixels(images), "texts": {name: self.texts(kind, index) for name, kind in kinds.items()}}

    def texts(self, kind, index):
        """(tokens, row, group): distinct token ids (or, with a locked text tower, pooled states), which of them each text of the batch is, and
        the number of that text in the data set; row and group are [B], of stimuli [B * 3]."""
        group = self.groups[kind][index].reshape(-1)
        used, row = np.unique(group, return_inverse=True)
        row, group = torch.from_numpy(row), torch.from_numpy(group)
        ids, lengths = self.ids[kind]
        if not self.config["lock_text"]:
            return torch.from_numpy(ids[used, : lengths[used].max()]), row, group
        memory = self.pooled[kind]
        new = [name for name in used if name not in memory]
        if new:
            with torch.no_grad():
                for name, state in zip(new, self.model.text_model(input_ids=torch.from_numpy(ids[new, : lengths[new].max()])).pooler_output):
                    memory[name] = state
        return torch.stack([memory[name] for name in used]), row, group

    def losses(self, batch):
        config, texts = self.config, batch["texts"]
        images, patches = embed_pictures(self.model, batch["pixels"], config["dense"])
        scale = self.model.logit_scale.clamp(max=np.log(100.0)).exp()
        everyone = gather_features(images)
        out = {"logit_scale": scale}
        for kind in ("full", "short"):
            if kind in texts:
                tokens, row, group = texts[kind]
                features = gather_features(self.embed_tokens(tokens)[row])
                out[f"{kind}_loss"] = config[f"{kind}_weight"] * info_nce(everyone, features, scale, gather_features(group))
                out[f"{kind}_chance"] = torch.tensor(config[f"{kind}_weight"] * math.log(len(everyone)))
        if "stimuli" in texts:
            out |= self.stimuli_losses(patches, *texts["stimuli"], scale)
        return out

    def stimuli_losses(self, patches, tokens, row, group, scale):
        config = self.config
        stimuli = self.embed_tokens(tokens)[row].unflatten(0, (-1, PARTS))
        regions = region_features(stimuli, patches, config["fg_weights"], config["norm_axis"])
        regions, stimuli = gather_features(regions), gather_features(stimuli)
        group = gather_features(group).reshape(-1, PARTS)
        out = {}
        if config["fg_weight"]:
            out["fg_loss"] = config["fg_weight"] * fine_grained_loss(regions, stimuli, scale, config["fg_negatives"], group)
            out["fg_chance"] = torch.tensor(config["fg_weight"] * chance_level(len(regions), PARTS, config["fg_negatives"]))
        if config["ot_weight"]:
            out["ot_loss"] = config["ot_weight"] * transport_loss(regions.flatten(0, 1), stimuli.flatten(0, 1), scale, config["ot_mode"], groups=group.reshape(-1))
            out["ot_chance"] = torch.tensor(config["ot_weight"] * math.log(group.numel()))
        return out

    def embed_tokens(self, tokens):
        """Projected text features of token ids int64 [n, L], or of pooled states float [n, width]."""
        if tokens.is_floating_point():
            return self.model.text_projection(tokens)
        return self.model.text_projection(self.model.text_model(input_ids=tokens).pooler_output)

    def embed_images(self, index):
        rows = [self.model.visual_projection(self.model.vision_model(to_pixels(self.images[index[i : i + 64]])).pooler_output) for i in range(0, len(index), 64)]
        return torch.nn.functional.normalize(torch.cat(rows), dim=-1)

    def embed_texts(self, texts):
        ids, lengths = encode_all(self.tokenizer, texts)
        rows = [self.embed_tokens(torch.from_numpy(ids[i : i + 64, : lengths[i : i + 64].max()])) for i in range(0, len(ids), 64)]
        return torch.nn.functional.normalize(torch.cat(rows), dim=-1)

    def evaluate(self):
        """On val: zero-shot emotion top-1 to 3 over the emotions of the data set, and full-caption retrieval among 100 pictures."""
        index = self.world.val[: self.config.get("eval_count", 512)]
        images = self.embed_images(index)
        prompts = self.embed_texts([EMOTION_PROMPT.format(e) for e in self.world.emotions])
        truth = torch.tensor([self.world.emotions.index(self.world.records[i]["emotion"]) for i in index])
        accuracy = {f"emotion_{name}": value for name, value in top_k_accuracy(images, prompts, truth).items()}
        few = index[:100]
        texts = self.embed_texts([full_text(self.world.records[i]) for i in few])
        recall = retrieval_recall(images[:100], texts, torch.from_numpy(self.groups["full"][few].reshape(-1)))
        return {**accuracy, **recall, "emotions": len(prompts)}

    def save(self, folder):
        save_clip(self.model, self.tokenizer_files, folder, MEAN, STD)
