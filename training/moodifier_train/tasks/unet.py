"""The denoiser: velocity prediction on cached latents, conditioned on the text tower's token states."""

import shutil

import numpy as np
import torch
from diffusers import UNet2DConditionModel
from transformers import CLIPModel

from ..data.clip_tokenizer import encode_all, load_clip_tokenizer
from ..data.moodworld import MoodWorld, full_text
from ..losses.diffusion import add_noise, dilate, noise_of_velocity, sample_timesteps, velocity, weighted_mse
from ..models.clip import load_text_tower, text_states
from ..models.unet import PlainAttention, TextDenoiser, alphas_cumprod, make_unet, save_unet
from ..models.vae import PatchAutoencoder
from .clip import to_pixels

TRAIN_STEPS, LENGTH_MULTIPLE, FACTOR = 1000, 16, 8
EXPRESSION = ("mouth", "eyes", "eyebrows")


class UnetTask:
    """Small latent crops around the expression parts first (`crop`, cheap), whole latents for the rest of the budget.

    Batches are coupled: they hold both pictures of a pair (one identity, two emotions) with the same crop, timestep and noise. The objective
    is that of independent draws, each picture with its own caption. But what neither caption can explain is then equal in both and cancels
    in the gradient along what their captions differ in, so that the emotion's words are learned from far fewer pictures.
    """

    def __init__(self, config, paths):
        self.config, self.world = config, MoodWorld(paths.data, paths.cache)
        self.vae_folder, clip = paths.model("vae", config["vae"]), paths.model("clip", config["clip"])
        self.vae, self.tower, self.tokenizer = PatchAutoencoder.from_pretrained(self.vae_folder), load_text_tower(clip), load_clip_tokenizer(clip)
        self.unet = make_unet(config["channels"], config["heads"], self.tower.config.hidden_size, config["groups"])
        self.unet.set_attn_processor(PlainAttention())
        self.clip, self.layers = clip, config["text_layers"]
        self.model = TextDenoiser(self.unet, self.tower, self.layers)
        if config["init"]:
            self.unet.load_state_dict(UNet2DConditionModel.from_pretrained(config["init"]).state_dict())
        self.alphas = alphas_cumprod(TRAIN_STEPS)
        rounded = "-bf16" if config.get("bf16") else ""
        self.latents = self.world.cached(f"latents{rounded}-{_stamp(self.vae_folder)}", self.encode_pictures)
        self.scale = 1.0 / float(self.latents[self.world.train[:2000]].astype(np.float32).std())
        self.family = {"scalingFactor": self.scale}
        self.encode_texts(_stamp(clip))
        self.regions = self.region_masks()

    @torch.no_grad()
    def encode_pictures(self):
        """float16 [count, 4, size/8, size/8], unscaled posterior means."""
        images, rows = self.world.images, []
        for i in range(0, len(images), 32):
            with torch.autocast("cpu", torch.bfloat16, enabled=bool(self.config.get("bf16"))):
                latents = self.vae.encode(to_pixels(images[i : i + 32]))
            rows.append(latents.half().numpy())
            if i % 3200 == 0:
                print(f"latents {i}/{len(images)}", flush=True)
        return np.concatenate(rows)

    def encode_texts(self, stamp):
        """Token states of every distinct caption below the trained layers, float16 [texts, L, width]; row of each picture; the empty text's."""
        texts, self.row = np.unique([full_text(r) for r in self.world.records], return_inverse=True)
        ids, lengths = encode_all(self.tokenizer, texts, multiple=LENGTH_MULTIPLE)
        self.states = self.world.cached(f"texts{self.layers or ''}-{stamp}", lambda: text_states(self.tower, torch.from_numpy(ids), self.layers).half().numpy())
        self.bucket = (-(-lengths // LENGTH_MULTIPLE) * LENGTH_MULTIPLE)[self.row]
        empty, _ = encode_all(self.tokenizer, [""], length=ids.shape[1])
        self.empty = text_states(self.tower, torch.from_numpy(empty), self.layers)[0]
        self.by_bucket = {int(b): self.world.train[self.bucket[self.world.train] == b] for b in np.unique(self.bucket[self.world.train])}

    def region_masks(self):
        """uint8 [count, h, w] at latent size: 1 where an expression part (or the whole expressive face) lies."""
        maps, names = self.world.part_maps(self.world.size // FACTOR), self.world.part_names
        masks = np.isin(maps, [names.index(n) for n in EXPRESSION if n in names])
        alone = ~masks.any(axis=(1, 2))
        if "face" in names:
            masks[alone] = maps[alone] == names.index("face")
        return masks.astype(np.uint8)

    def param_groups(self, lr):
        text = [p for module in (self.model.head, self.model.norm) for p in module.parameters() if p.requires_grad]
        looks = [p for name, p in self.unet.named_parameters() if name.endswith(("attn2.to_q.weight", "attn2.to_k.weight"))]
        rest = [p for name, p in self.unet.named_parameters() if not name.endswith(("attn2.to_q.weight", "attn2.to_k.weight"))]
        groups = [{"params": rest}, {"params": looks, "lr": lr * self.config["attention_lr"]}, {"params": text, "lr": lr * self.config["text_lr"]}]
        return [group for group in groups if group["params"]]

    def batch(self, rng, progress):
        pools = list(self.by_bucket.values())
        pool = pools[rng.choice(len(pools), p=np.array([len(p) for p in pools]) / len(self.world.train))]
        small = progress < self.config["crop_until"]
        size = self.config["crop"] if small else self.latents.shape[-1]
        draws = self.config["draws"]
        first = rng.choice(pool, (self.config["batch"] if small else self.config["full_batch"]) // (2 * draws))
        texts = np.concatenate([first, self.world.pair[first]])
        index = np.tile(texts, draws)
        corners = np.concatenate([np.tile(self.corners(rng, first, size), (2, 1)) for _ in range(draws)])
        cut = lambda array: np.stack([array[i][..., y : y + size, x : x + size] for i, (y, x) in zip(index, corners)])
        length = int(self.bucket[texts].max())
        text = torch.from_numpy(self.states[self.row[texts], :length]).float()
        text[torch.from_numpy(np.tile(rng.random(len(first)) < self.config["unconditional"], 2))] = self.empty[:length]
        region = torch.from_numpy(cut(self.regions)).float()[:, None]
        region = region.unflatten(0, (draws, 2, -1)).amax(1, keepdim=True).expand(-1, 2, -1, -1, -1, -1).flatten(0, 2)
        return {"latent": torch.from_numpy(cut(self.latents)).float() * self.scale, "region": region, "text": text}

    def corners(self, rng, index, size):
        """Top-left corners int [n, 2]: three in four hold the centre of the expression parts, the others lie anywhere."""
        room = self.latents.shape[-1] - size
        anywhere = rng.integers(0, room + 1, (len(index), 2))
        jitter = rng.integers(-(size // 4), size // 4 + 1, (len(index), 2))
        around = np.clip(self.centres()[index] - size // 2 + jitter, 0, room)
        return np.where(rng.random((len(index), 1)) < 0.75, around, anywhere)

    def centres(self):
        if not hasattr(self, "_centres"):
            cells = np.arange(self.regions.shape[-1])
            weight = np.maximum(1, self.regions.sum(axis=(1, 2)))
            self._centres = np.stack([(self.regions.sum(axis=2) @ cells) / weight, (self.regions.sum(axis=1) @ cells) / weight], 1).round().astype(int)
        return self._centres

    def losses(self, batch):
        latent = batch["latent"]
        draws, pairs = self.config["draws"], len(latent) // (2 * self.config["draws"])
        both = lambda value: value.unflatten(0, (draws, 1, pairs)).expand(-1, 2, *[-1] * value.ndim).flatten(0, 2)
        t = both(sample_timesteps(draws * pairs, TRAIN_STEPS, grid_share=self.config["grid_share"], lean=self.config["lean"]))
        noise = both(torch.randn_like(latent[: draws * pairs]))
        predicted, truth = self.model(add_noise(latent, noise, t, self.alphas), t, batch["text"]), velocity(latent, noise, t, self.alphas)
        weight = 1 + self.config["region_weight"] * dilate(batch["region"]) + self.config["change_weight"] * self.changed(latent)
        return {"velocity_loss": weighted_mse(predicted, truth, weight), "plain_mse": ((predicted - truth) ** 2).mean().detach()}

    def changed(self, latent):
        """Where the two pictures of a pair differ: d / (d + 1/4) of the squared difference d of their latents, [n, 1, h, w] in 0..1."""
        pairs = latent.unflatten(0, (self.config["draws"], 2, -1))
        d = (pairs[:, 0] - pairs[:, 1]).square().mean(2, keepdim=True)[:, None].expand(-1, 2, -1, -1, -1, -1).flatten(0, 2)
        return d / (d + 0.25)

    def evaluate(self):
        """Noise error on val latents at full size, everywhere and inside the expression parts; fixed noise and timesteps.

        text_gain: by how much the error of v inside the parts, at timesteps of 600 and more, is larger with the partner's caption than with
        the picture's own, as a share: 0 means that the emotion's words are ignored.
        """
        index = self.world.val[: self.config.get("eval_count", 64)]
        draw = torch.Generator().manual_seed(0)
        sums, early = np.zeros(3), np.zeros(2)
        for i in range(0, len(index), 32):
            part = index[i : i + 32]
            latent = torch.from_numpy(self.latents[part]).float() * self.scale
            t, noise = torch.randint(0, TRAIN_STEPS, (len(part),), generator=draw), torch.randn(latent.shape, generator=draw)
            text = torch.from_numpy(self.states[self.row[part], : self.bucket[part].max()]).float()
            noisy = add_noise(latent, noise, t, self.alphas)
            error = (noise_of_velocity(self.model(noisy, t, text), noisy, t, self.alphas) - noise) ** 2
            region = dilate(torch.from_numpy(self.regions[part] | self.regions[self.world.pair[part]]).float()[:, None])
            sums += [float(error.mean()) * len(part), float((error.mean(1, keepdim=True) * region).sum()), float(region.sum())]
            early += [self.region_error(part, captions, latent, 600 + t * 2 // 5, noise, region) for captions in (part, self.world.pair[part])]
        return {"noise_mse": sums[0] / len(index), "region_mse": sums[1] / max(1.0, sums[2]), "text_gain": early[1] / early[0] - 1}

    def region_error(self, part, captions, latent, t, noise, region):
        """Sum of the squared error of v inside the region, for pictures `part` with the captions of pictures `captions`."""
        length = max(self.bucket[part].max(), self.bucket[self.world.pair[part]].max())
        text = torch.from_numpy(self.states[self.row[captions], :length]).float()
        predicted = self.model(add_noise(latent, noise, t, self.alphas), t, text)
        return float(((predicted - velocity(latent, noise, t, self.alphas)) ** 2 * region).sum())

    def save(self, folder):
        """The UNet's folder; where text layers were trained with it, also the CLIP folder they came from with the new text tower, beside it."""
        if self.layers:
            clip = CLIPModel.from_pretrained(self.clip)
            clip.text_model.load_state_dict(getattr(self.tower, "text_model", self.tower).state_dict())
            shutil.copytree(self.clip, folder.parent / "clip", dirs_exist_ok=True)
            clip.save_pretrained(folder.parent / "clip")
        save_unet(self.unet, folder, {"scaling_factor": self.scale, "prediction": "v_prediction", "vae": _stamp(self.vae_folder), "data_digest": self.world.digest()})

    def load_newest(self, out):
        """EMA weights of the newest checkpoint in `out`."""
        state = torch.load(out / "checkpoint.pt", map_location="cpu", weights_only=True)
        torch._foreach_copy_([p.data for p in self.model.parameters() if p.requires_grad], state["ema"])
        self.model.eval()

    def sheet(self, path, rows=8):
        """Edit val pairs; a PNG with a row per pair: source, reconstruction, edits with 8 and with 12 steps, true edit."""
        from .edit_sheet import draw_sheet

        draw_sheet(self, path, rows)


def _stamp(folder):
    """Names a trained model: file size and digest of its weights."""
    import hashlib

    weights = next(folder.glob("*.safetensors"))
    return hashlib.sha256(weights.read_bytes()).hexdigest()[:12]
