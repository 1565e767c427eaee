"""A tiny `moodworld-raw` data set drawn with Pillow, for smoke runs and tests: same format, crude faces, four emotions."""

import json
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

PARTS = ["other", "mouth", "eyes", "eyebrows", "face"]
FEATURES = {
    "joy": ("a wide smile", "bright and round", "raised a little"),
    "sadness": ("turned down", "half closed", "slanted outwards"),
    "anger": ("a tight line", "narrow", "drawn together"),
    "surprise": ("open and round", "wide open", "raised high"),
}


def make_synthetic(folder, pairs=12, size=256, seed=0):
    """Write `pairs` pairs (the last two are val) into `folder` and return it."""
    folder, rng = Path(folder), np.random.default_rng(seed)
    folder.mkdir(parents=True, exist_ok=True)
    images, maps, records = [], [], []
    for pair in range(pairs):
        look = {"skin": tuple(int(v) for v in rng.integers(120, 250, 3)), "wall": tuple(int(v) for v in rng.integers(0, 256, 3)), "hair": rng.choice(["red", "black", "brown"])}
        for side, emotion in enumerate(rng.choice(sorted(FEATURES), 2, replace=False)):
            picture, parts = _draw(look, str(emotion), size)
            images.append(picture)
            maps.append(parts)
            records.append(_record(2 * pair + side, 2 * pair + 1 - side, look, str(emotion), "val" if pair >= pairs - 2 else "train"))
    for k, record in enumerate(records):
        boxes = [_box((maps[k] == part) | (maps[record["pair"]] == part)) for part in (1, 2, 3)]
        record["regions"] = [{"label": PARTS[part], "box": box} for part, box in zip((1, 2, 3), boxes)]
        for stimulus, box in zip(record["stimuli"], boxes):
            stimulus["box"] = box
    np.stack(images).tofile(folder / "images.u8")
    np.stack(maps).tofile(folder / "parts.u8")
    (folder / "records.jsonl").write_text("".join(json.dumps(r) + "\n" for r in records))
    info = {"format": "moodworld-raw", "version": 1, "worldVersion": "synthetic", "size": size, "count": len(records), "parts": PARTS, "seed": seed}
    (folder / "dataset.json").write_text(json.dumps(info) + "\n")
    return folder


def _record(index, pair, look, emotion, split):
    summary = f"A cartoon portrait of a person with {look['hair']} hair in the synthetic style."
    stimuli = [{"part": part, "text": f"The {part} {'are' if part.endswith('s') else 'is'} {text}."} for part, text in zip(PARTS[1:4], FEATURES[emotion])]
    overall = f"The picture conveys {emotion}."
    caption = " ".join([summary, *(s["text"] for s in stimuli), overall])
    base = {"index": index, "id": f"synthetic-{index}", "pair": pair, "style": "synthetic", "identity": f"person-{index // 2}", "seed": index // 2, "category": "face"}
    return base | {"emotion": emotion, "intensity": 0.8, "summary": summary, "stimuli": stimuli, "overall": overall, "caption": caption, "kind": "shape", "split": split}


def _draw(look, emotion, size):
    """Picture and part map of one face; the same outlines are drawn into both."""
    picture, parts = Image.new("RGB", (size, size), look["wall"]), Image.new("L", (size, size), 0)
    unit = size / 256

    def put(shape, box, part, fill, **more):
        for image, colour in ((picture, fill), (parts, part)):
            paint = {"fill": colour, **({"width": int(6 * unit)} if shape in ("line", "arc") else {}), **more}
            getattr(ImageDraw.Draw(image), shape)([v * unit for v in box], **paint)

    put("ellipse", (50, 30, 206, 230), 4, look["hair"])
    put("ellipse", (62, 50, 194, 226), 4, look["skin"])
    lift, openness = {"joy": (0, 12), "sadness": (0, 5), "anger": (6, 6), "surprise": (-10, 18)}[emotion]
    slant = {"joy": 0, "sadness": -6, "anger": 8, "surprise": 0}[emotion]
    for x, sign in ((100, 1), (156, -1)):
        put("ellipse", (x - 12, 115 - openness, x + 12, 115 + openness), 2, "white")
        put("ellipse", (x - 4, 111, x + 4, 119), 2, "black")
        put("line", (x - 16, 88 + lift - sign * slant, x + 16, 88 + lift + sign * slant), 3, "black")
    if emotion == "surprise":
        put("ellipse", (113, 165, 143, 205), 1, "black")
    elif emotion == "anger":
        put("line", (105, 182, 151, 182), 1, "black")
    else:
        top, start, end = (150, 20, 160) if emotion == "joy" else (178, 200, 340)
        put("arc", (95, top, 161, top + 45), 1, "black", start=start, end=end)
    return np.asarray(picture), np.asarray(parts)


def _box(mask, pad=0.02):
    ys, xs = np.nonzero(mask)
    size = mask.shape[0]
    edges = (xs.min() / size - pad, ys.min() / size - pad, (xs.max() + 1) / size + pad, (ys.max() + 1) / size + pad)
    return [round(float(min(1, max(0, v))), 2) for v in edges]
