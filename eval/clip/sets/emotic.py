"""EMOTIC (Kosti et al., PAMI 2019): people in context, 26 categories, several a person.

Layout (README and mat2py.py of the reference code Tandon-A/emotic; fields in the README of the data set): `Annotations/Annotations.mat`
with struct arrays `train`, `val` and `test` of {filename, folder, person}; a person has `annotations_categories`, one
{categories} an annotator. Pictures lie in `emotic/<folder>/<filename>`. Needs scipy.
"""

import numpy as np

from .picture_set import make_set, need

CATEGORIES = [
    "Affection", "Anger", "Annoyance", "Anticipation", "Aversion", "Confidence", "Disapproval", "Disconnection", "Disquietment",
    "Doubt/Confusion", "Embarrassment", "Engagement", "Esteem", "Excitement", "Fatigue", "Fear", "Happiness", "Pain", "Peace", "Pleasure",
    "Sadness", "Sensitivity", "Suffering", "Surprise", "Sympathy", "Yearning",
]  # fmt: skip


def read(folder, split="test"):
    """Label of a picture: every category that any annotator gave to any of its people."""
    from scipy.io import loadmat

    table = loadmat(need(f"{folder}/Annotations/Annotations.mat"), squeeze_me=True, struct_as_record=False)[split]
    rows = []
    for entry in np.atleast_1d(table):
        given = [annotator.categories for person in np.atleast_1d(entry.person) for annotator in np.atleast_1d(person.annotations_categories)]
        names = {str(name) for categories in given for name in np.atleast_1d(categories)}
        rows.append((need(folder) / "emotic" / entry.folder / entry.filename, [_say(name) for name in sorted(names)], []))
    return make_set(f"EMOTIC ({split})", "Labels: every category that anyone gave to a person in the picture; any of them is right.", [_say(c) for c in CATEGORIES], rows)


def _say(category):
    return category.lower().replace("/", " or ")
