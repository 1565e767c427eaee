"""EmoSet-118K (Yang et al., ICCV 2023): pictures with one of Mikels' eight emotions.

Layout (README of the authors' repository JingyuanYY/EmoSet): `info.json` with the emotions in their order, `train.json`, `val.json`,
`test.json` as lists of [emotion, id, "image/<emotion>/<id>.jpg", "annotation/<emotion>/<id>.json"]. There are no captions.
"""

import json

from .picture_set import make_set, need


def read(folder, split="test"):
    """The published `split`."""
    info = json.loads(need(f"{folder}/info.json").read_text(encoding="utf-8"))["emotion"]["label2idx"]
    rows = json.loads(need(f"{folder}/{split}.json").read_text(encoding="utf-8"))
    return make_set(f"EmoSet ({split})", "Label: the verified emotion.", sorted(info, key=info.get), ((need(folder) / image, [emotion], []) for emotion, _, image, _ in rows))
