"""Readers of evaluation sets, each in the layout in which its authors publish it. `READERS[name](folder) -> PictureSet`."""

from . import affection, emoset, emotic, emotion6, labelled, moodworld, senticap

READERS = {
    "emotion6": emotion6.read,
    "emoset": emoset.read,
    "emotic": emotic.read,
    "senticap": senticap.read,
    "affection": affection.read,
    "moodworld": moodworld.read,
    "labelled": labelled.read,
}
