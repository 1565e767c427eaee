"""MoodifyCLIP: four losses (global, summary, fine-grained, optimal transport); zero-shot emotion and retrieval as the measures."""

import json
import math
from pathlib import Path

import numpy as np
import torch
from transformers import CLIPModel, CLIPVisionModel

from .. import ranks
from ..data.clip_tokenizer import adopt_clip_tokenizer, build_clip_tokenizer, encode_all, load_clip_tokenizer
from ..data.moodworld import MoodWorld, full_text, short_text
from ..evaluation.scores import retrieval_recall, top_k_accuracy
from ..losses.contrastive import info_nce, strongest_components
from ..losses.fine_grained import chance_level, fine_grained_loss, region_features
from ..losses.gather import gather_features
from ..losses.optimal_transport import transport_loss
from ..models.clip import make_clip, read_normalisation, save_clip
from ..models.dense_patches import embed_pictures
from ..models.stretch import freeze_first_positions, stretch_clip

MEAN, STD = [0.5, 0.5, 0.5], [0.5, 0.5, 0.5]
EMOTION_PROMPT = "The picture conveys {}."
PARTS = 3


def to_pixels(pictures, mean=MEAN, std=STD):
    """uint8 [n, H, W, 3] -> float32 [n, 3, H, W], (value / 255 - mean) / std by channel: -1..1 with the default of 0.5."""
    mean, std = torch.tensor(mean)[:, None, None], torch.tensor(std)[:, None, None]
    return torch.from_numpy(np.array(pictures)).permute(0, 3, 1, 2).float().div_(255 * std).sub_(mean / std)


class ClipTask:
    """Batches hold both pictures of a pair, so that identity cannot explain the caption and the emotion has to.

    `init` continues a saved CLIP folder with its own tokenizer and normalisation, its text positions stretched to `positions` when it has
    fewer (`keep` of them stay as they are, and also untrained with `freeze_kept`), and its vision tower replaced by the one in `vision_init`, such
    as a planner's, which has learned to look; `lock_text` leaves the text tower
    as it is (a denoiser may stand on its states) and trains the vision tower and both projections alone, at a third of the cost; the text projection
    then learns from whitened states, for those of short sentences lie so close together that it would not tell emotions apart.
    `full_share` and `stimuli_share` are the shares of steps that pay for the full caption and for the stimuli.
    `label_smoothing`, `short_pca` (summaries see the strongest components of the pictures) and `logit_scale` are Long-CLIP's.
    Under torchrun `batch` counts the pictures of one rank, and the losses compare those of all ranks.
    """

    parallel = True

    def __init__(self, config, paths):
        self.config, self.paths = config, paths
        self.world = MoodWorld(paths.data, paths.cache)
        self.mean, self.std = read_normalisation(config["init"]) if config["init"] else (MEAN, STD)
        self.tokenizer_files = paths.runs / "tokenizer" / "clip"
        self.tokenizer = self.open_tokenizer()
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
        self.whitening = self.whiten_texts() if config["lock_text"] else None

    @property
    def device(self):
        return self.model.logit_scale.device

    def open_tokenizer(self):
        if ranks.rank() > 0:
            return load_clip_tokenizer(self.tokenizer_files)
        init = self.config["init"]
        return adopt_clip_tokenizer(init, self.tokenizer_files) if init else build_clip_tokenizer(self.tokenizer_files)

    def make_model(self):
        config = self.config
        model = CLIPModel.from_pretrained(config["init"]) if config["init"] else make_clip(config["text"], config["vision"], config["projection"])
        if model.config.text_config.max_position_embeddings < config["positions"]:
            stretch_clip(model, config["positions"], config["keep"])
        if config["vision_init"]:
            adopt_vision(model, config["vision_init"])
        if config["freeze_kept"]:
            freeze_first_positions(model, config["keep"])
        if config["logit_scale"]:
            torch.nn.init.constant_(model.logit_scale, math.log(config["logit_scale"]))
        if config["gradient_checkpointing"]:
            model.gradient_checkpointing_enable()
        return model

    def param_groups(self, lr):
        undecayed = {"text_model.embeddings.position_embedding.weight"} if self.config["freeze_kept"] else set()
        scale = [self.model.logit_scale]
        named = [(n, p) for n, p in self.model.named_parameters() if n != "logit_scale" and p.requires_grad]
        rest = [p for n, p in named if p.ndim > 1 and n not in undecayed]
        flat = [p for n, p in named if p.ndim <= 1 or n in undecayed]
        return [{"params": rest}, {"params": flat, "weight_decay": 0.0}, {"params": scale, "weight_decay": 0.0}]

    def batch(self, rng, progress):
        first = rng.choice(self.world.train, self.config["batch"] // 2 * ranks.count(), replace=False)
        flip, mine = rng.random((2, len(first))) < 0.5, ranks.own_share(len(first))
        first, flip = first[mine], flip[:, mine].reshape(-1, 1, 1, 1)
        index = np.concatenate([first, self.world.pair[first]])
        images = self.images[index]
        images = np.where(flip, images[:, :, ::-1], images)
        kinds = {"short": "overall" if rng.random() < self.config["overall_share"] else "short"}
        for kind, weight in (("full", self.config["full_weight"]), ("stimuli", self.config["fg_weight"] + self.config["ot_weight"])):
            if rng.random() < self.config[f"{kind}_share"] and weight > 0:
                kinds[kind] = kind
        return {"pixels": to_pixels(images, self.mean, self.std), "texts": {name: self.texts(kind, index) for name, kind in kinds.items()}}

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
                tokens = torch.from_numpy(ids[new, : lengths[new].max()]).to(self.device)
                memory |= zip(new, self.model.text_model(input_ids=tokens).pooler_output)
        return torch.stack([memory[name] for name in used]), row, group

    def losses(self, batch):
        """The towers run in the precision of the loop, the losses in float32 over the features of all ranks."""
        images, patches = embed_pictures(self.model, batch["pixels"], self.config["dense"])
        texts = {name: (self.embed_tokens(tokens)[row].float(), group) for name, (tokens, row, group) in batch["texts"].items()}
        with torch.autocast(images.device.type, enabled=False):
            scale = self.model.logit_scale.clamp(max=np.log(100.0)).exp()
            out = {"logit_scale": scale} | self.global_losses(images.float(), texts, scale)
            return out | (self.stimuli_losses(patches.float(), *texts["stimuli"], scale) if "stimuli" in texts else {})

    def global_losses(self, images, texts, scale):
        config, out = self.config, {}
        everyone = gather_features(images)
        for kind in ("full", "short"):
            if kind in texts:
                features, group = (gather_features(part) for part in texts[kind])
                seen = strongest_components(everyone, config["short_pca"]) if kind == "short" and config["short_pca"] else everyone
                out[f"{kind}_loss"] = config[f"{kind}_weight"] * info_nce(seen, features, scale, group, config["label_smoothing"])
                out[f"{kind}_chance"] = torch.tensor(config[f"{kind}_weight"] * math.log(len(everyone)))
        return out

    def stimuli_losses(self, patches, stimuli, group, scale):
        config, out = self.config, {}
        stimuli = stimuli.unflatten(0, (-1, PARTS))
        regions = region_features(stimuli, patches, config["fg_weights"], config["norm_axis"])
        regions, stimuli = gather_features(regions), gather_features(stimuli)
        group = gather_features(group).reshape(-1, PARTS)
        if config["fg_weight"]:
            out["fg_loss"] = config["fg_weight"] * fine_grained_loss(regions, stimuli, scale, config["fg_negatives"], group)
            out["fg_chance"] = torch.tensor(config["fg_weight"] * chance_level(len(regions), PARTS, config["fg_negatives"]))
        if config["ot_weight"]:
            out["ot_loss"] = config["ot_weight"] * transport_loss(regions.flatten(0, 1), stimuli.flatten(0, 1), scale, config["ot_mode"], groups=group.reshape(-1))
            out["ot_chance"] = torch.tensor(config["ot_weight"] * math.log(group.numel()))
        return out

    def embed_tokens(self, tokens):
        """Projected text features of token ids int64 [n, L], or of pooled states float [n, width]."""
        pooled = tokens if tokens.is_floating_point() else self.model.text_model(input_ids=tokens).pooler_output
        return self.model.text_projection(pooled if self.whitening is None else pooled @ self.whitening.to(pooled))

    @torch.no_grad()
    def whiten_texts(self, each=512, floor=0.03):
        """Symmetric [width, width]: brings the pooled states of all kinds of texts, each kind as heavy as another, to equal size in every direction of at
        least `floor`. The projection is changed so that texts keep their features."""
        rng, moments = np.random.default_rng(0), []
        for ids, lengths in self.ids.values():
            some = rng.permutation(len(ids))[:each]
            states = torch.cat([self.model.text_model(input_ids=torch.from_numpy(ids[part, : lengths[part].max()])).pooler_output for part in np.array_split(some, -(-len(some) // 64))])
            moments.append(states.T.double() @ states.double() / len(states))
        values, vectors = torch.linalg.eigh(torch.stack(moments).mean(0))
        sizes, projection = (values.clamp(min=0) + floor**2).sqrt(), self.model.text_projection.weight
        projection.copy_(projection.double() @ (vectors * sizes @ vectors.T))
        return (vectors / sizes @ vectors.T).float()

    def embed_images(self, index):
        chunks = (to_pixels(self.images[index[i : i + 64]], self.mean, self.std).to(self.device) for i in range(0, len(index), 64))
        rows = [self.model.visual_projection(self.model.vision_model(chunk).pooler_output) for chunk in chunks]
        return torch.nn.functional.normalize(torch.cat(rows), dim=-1).cpu()

    def embed_texts(self, texts):
        ids, lengths = encode_all(self.tokenizer, texts)
        rows = [self.embed_tokens(torch.from_numpy(ids[i : i + 64, : lengths[i : i + 64].max()]).to(self.device)) for i in range(0, len(ids), 64)]
        return torch.nn.functional.normalize(torch.cat(rows), dim=-1).cpu()

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

    @torch.no_grad()
    def save(self, folder):
        """The whitening becomes part of the projection."""
        projection = self.model.text_projection.weight
        trained = projection.clone()
        if self.whitening is not None:
            projection.copy_(trained @ self.whitening.to(trained))
        save_clip(self.model, self.tokenizer_files, folder, self.mean, self.std)
        projection.copy_(trained)


def adopt_vision(model, folder):
    """Give `model` the weights of the CLIPVisionModel in `folder`, of the same sizes, save the last layer norm, which a planner does not use."""
    config = Path(folder) / "config.json"
    kind = json.loads(config.read_text())["model_type"] if config.exists() else "no model"
    if kind != "clip_vision_model":
        raise SystemExit(f"vision_init: expected the folder of a clip_vision_model, got {kind} in {folder}")
    shapes = lambda weights: {name: value.shape for name, value in weights.items() if "post_layernorm" not in name}
    weights = {name.removeprefix("vision_model."): value for name, value in CLIPVisionModel.from_pretrained(folder).state_dict().items() if "post_layernorm" not in name}
    if shapes(weights) != shapes(model.vision_model.state_dict()):
        raise SystemExit(f"vision_init: expected a vision tower of this CLIP's sizes, got another in {folder}")
    model.vision_model.load_state_dict(weights, strict=False)
