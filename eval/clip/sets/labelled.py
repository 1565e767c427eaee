"""A labelled folder, the layout for pictures of your own: `labels.json` beside them.

{name, origin, classes: [emotion], pictures: [{file, emotions: [], captions: []}]}; a picture without emotions is left out of the
classification, one without captions out of the retrieval.
"""

import json

from .picture_set import make_set, need


def read(folder):
    table = json.loads(need(f"{folder}/labels.json").read_text(encoding="utf-8"))
    rows = ((need(folder) / row["file"], row["emotions"], row["captions"]) for row in table["pictures"])
    return make_set(table["name"], table["origin"], table["classes"], rows)
