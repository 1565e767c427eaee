"""A trained CLIP: a transformers folder with model, vocab.json, merges.txt and preprocessor_config.json."""

import hashlib
import json
from pathlib import Path

import torch
from PIL import Image
from sets.picture_set import open_picture
from torch.nn.functional import normalize
from transformers import CLIPModel

from moodifier_train.data.clip_tokenizer import encode_all, load_clip_tokenizer
from moodifier_train.models.clip import read_normalisation
from moodifier_train.tasks.clip import to_pixels

CHUNK = 32


class ClipFolder:
    """Features of pictures and texts, L2-normalised float32 [n, d] on the CPU; `digest` names the weights."""

    def __init__(self, folder, device="cpu"):
        self.folder, self.device = Path(folder), device
        self.mean, self.std = read_normalisation(folder)
        self.crops = json.loads((self.folder / "preprocessor_config.json").read_text()).get("do_center_crop", True)
        self.tokenizer = load_clip_tokenizer(folder)
        self.model = CLIPModel.from_pretrained(folder).to(device).eval()
        weights = sorted([*self.folder.glob("*.safetensors"), *self.folder.glob("*.bin")])
        self.digest = hashlib.sha256(b"".join(path.read_bytes() for path in weights)).hexdigest()[:12]

    @torch.no_grad()
    def embed_pictures(self, sources):
        rows = []
        for start in range(0, len(sources), CHUNK):
            pixels = to_pixels([self.fit(open_picture(source)) for source in sources[start : start + CHUNK]], self.mean, self.std).to(self.device)
            rows.append(self.model.visual_projection(self.model.vision_model(pixels).pooler_output).float().cpu())
        return normalize(torch.cat(rows), dim=-1)

    @torch.no_grad()
    def embed_texts(self, texts):
        """Texts longer than the positions of the model are cut."""
        rows, positions = [], self.model.config.text_config.max_position_embeddings
        for start in range(0, len(texts), CHUNK):
            ids, lengths = encode_all(self.tokenizer, texts[start : start + CHUNK])
            if ids.shape[1] > positions:
                ids, lengths = encode_all(self.tokenizer, texts[start : start + CHUNK], length=positions)
            states = self.model.text_model(input_ids=torch.from_numpy(ids).to(self.device)).pooler_output
            rows.append(self.model.text_projection(states).float().cpu())
        return normalize(torch.cat(rows), dim=-1)

    def fit(self, picture):
        """Bicubic: the shorter side to the model's size and its middle, or the whole squeezed when the folder says not to crop."""
        size = self.model.config.vision_config.image_size
        if not self.crops:
            return picture.resize((size, size), Image.Resampling.BICUBIC)
        scale = size / min(picture.size)
        width, height = (max(size, round(side * scale)) for side in picture.size)
        left, top = (width - size) // 2, (height - size) // 2
        return picture.resize((width, height), Image.Resampling.BICUBIC).crop((left, top, left + size, top + size))
