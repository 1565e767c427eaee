"""SentiCap (Mathews et al., AAAI 2016): positive and negative captions of COCO pictures.

Layout (the archive senticap_dataset.zip and the reader beside it): `data/senticap_dataset.json` as {images: [{filename, imgid, split,
sentences: [{raw, tokens, word_sentiment, sentiment}]}]}. The pictures are COCO's: put (or link) its folder `val2014` beside `data`.
"""

import json

from .picture_set import make_set, need


def read(folder, split="test"):
    """Texts: the captions of both sentiments. A picture has both, so that there is nothing to classify."""
    images = json.loads(need(f"{folder}/data/senticap_dataset.json").read_text(encoding="utf-8"))["images"]
    chosen = (image for image in images if image["split"] == split)
    rows = ((need(folder) / "val2014" / image["filename"], [], [s["raw"].strip() for s in image["sentences"]]) for image in chosen)
    return make_set(f"SentiCap ({split})", "Texts: a picture's positive and negative captions; any of them is right.", [], rows)
