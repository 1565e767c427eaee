"""MoodifyCLIP: InfoNCE of pictures with full captions and with short ones; zero-shot emotion as the measure."""

import numpy as np
import torch
from transformers import CLIPModel

from ..data.clip_tokenizer import build_clip_tokenizer, encode_all
from ..data.moodworld import MoodWorld, full_text, short_text
from ..losses.contrastive import info_nce
from ..models.clip import make_clip, save_clip

MEAN, STD = [0.5, 0.5, 0.5], [0.5, 0.5, 0.5]
EMOTION_PROMPT = "The picture conveys {}."


def to_pixels(pictures):
    """uint8 [n, H, W, 3] -> float32 [n, 3, H, W] in -1..1 (mean 0.5, std 0.5)."""
    return torch.from_numpy(np.array(pictures)).permute(0, 3, 1, 2).float().div_(127.5).sub_(1)


class ClipTask:
    """Batches hold both pictures of a pair, so that identity cannot explain the caption and the emotion has to.

    `init` continues a saved CLIP folder; `lock_text` leaves its text tower as it is (a denoiser may stand on its states)
    and trains the vision tower and both projections alone, at a third of the cost.
    """

    def __init__(self, config, paths):
        self.config, self.paths = config, paths
        self.world = MoodWorld(paths.data, paths.cache)
        self.tokenizer_files = paths.runs / "tokenizer" / "clip"
        self.tokenizer = build_clip_tokenizer(self.tokenizer_files)
        self.model = CLIPModel.from_pretrained(config["init"]) if config["init"] else make_clip(config["text"], config["vision"], config["projection"])
        self.images = self.world.pictures(self.model.config.vision_config.image_size)
        self.ids, self.groups = {}, {}
        makers = {"full": full_text, "short": short_text, "overall": lambda r: r["overall"]}
        for name, make in makers.items():
            texts, inverse = np.unique([make(r) for r in self.world.records], return_inverse=True)
            ids, lengths = encode_all(self.tokenizer, texts)
            self.ids[name], self.groups[name] = (ids, lengths), inverse
        self.model.text_model.requires_grad_(not config["lock_text"])
        self.pooled = {kind: {} for kind in self.ids}

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
        short = "overall" if rng.random() < self.config["overall_share"] else "short"
        kinds = ["full", short] if rng.random() < self.config["full_share"] else [short]
        return {"pixels": to_pixels(images), "texts": {"short" if k == short else k: self.texts(k, index) for k in kinds}}

    def texts(self, kind, index):
        """(token ids, row) of a batch; with a locked text tower (pooled states, row), each text going through the tower only once."""
        ids, row = self.unique(kind, index)
        if not self.config["lock_text"]:
            return ids, row
        memory, names = self.pooled[kind], np.unique(self.groups[kind][index])
        new = [n for n, name in enumerate(names) if name not in memory]
        if new:
            with torch.no_grad():
                for n, state in zip(new, self.model.text_model(input_ids=ids[new]).pooler_output):
                    memory[names[n]] = state
        return torch.stack([memory[name] for name in names]), row

    def unique(self, kind, index):
        """The distinct texts of a batch, cut to its longest, and which row uses which."""
        used, row = np.unique(self.groups[kind][index], return_inverse=True)
        ids, lengths = self.ids[kind]
        return torch.from_numpy(ids[used, : lengths[used].max()]), torch.from_numpy(row)

    def losses(self, batch):
        images = self.model.visual_projection(self.model.vision_model(batch["pixels"]).pooler_output)
        scale = self.model.logit_scale.clamp(max=np.log(100.0)).exp()
        out = {"logit_scale": scale}
        for kind, (ids, row) in batch["texts"].items():
            out[f"{kind}_loss"] = self.config[f"{kind}_weight"] * info_nce(images, self.embed_ids(ids)[row], scale, row)
        return out

    def embed_ids(self, ids):
        """Projected text features of token ids int64 [n, L], or of pooled states float [n, width]."""
        if ids.is_floating_point():
            return self.model.text_projection(ids)
        return self.model.text_projection(self.model.text_model(input_ids=ids).pooler_output)

    def embed_images(self, index):
        rows = [self.model.visual_projection(self.model.vision_model(to_pixels(self.images[index[i : i + 64]])).pooler_output) for i in range(0, len(index), 64)]
        return torch.nn.functional.normalize(torch.cat(rows), dim=-1)

    def evaluate(self):
        """Zero-shot emotion top-1 and top-3 over the emotions of the data set, and retrieval R@1 among 100 pictures; on val."""
        index = self.world.val[: self.config.get("eval_count", 512)]
        images = self.embed_images(index)
        ids, _ = encode_all(self.tokenizer, [EMOTION_PROMPT.format(e) for e in self.world.emotions])
        prompts = torch.nn.functional.normalize(self.embed_ids(torch.from_numpy(ids)), dim=-1)
        truth = torch.tensor([self.world.emotions.index(self.world.records[i]["emotion"]) for i in index])
        ranks = (images @ prompts.T).topk(min(3, len(prompts)), dim=1).indices == truth[:, None]
        ids, row = self.unique("full", index[:100])
        texts = torch.nn.functional.normalize(torch.cat([self.embed_ids(ids[i : i + 64]) for i in range(0, len(ids), 64)]), dim=-1)
        hit = (images[:100] @ texts.T).argmax(1) == row
        return {"emotion_top1": ranks[:, 0].float().mean(), "emotion_top3": ranks.any(1).float().mean(), "retrieval_r1": hit.float().mean(), "emotions": len(prompts)}

    def save(self, folder):
        save_clip(self.model, self.tokenizer_files, folder, MEAN, STD)
