"""What every reader returns: pictures with the emotions they show and the texts that tell of them."""

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps

from moodifier_train.data.moodworld import DataError


@dataclass(frozen=True)
class PictureSet:
    """n pictures. `pictures`: files, or uint8 [H, W, 3] arrays; `classes`: emotion names as a prompt says them; `labels`: bool
    [n, classes], several where several are right, none where a picture has no label; `captions`: for each picture its texts, maybe none.
    `origin` says in one sentence what a label and a text is.
    """

    name: str
    origin: str
    pictures: list
    classes: list
    labels: np.ndarray
    captions: list

    def __post_init__(self):
        if not (len(self.pictures) == len(self.captions) == len(self.labels)) or self.labels.shape[1] != len(self.classes):
            raise DataError(f"{self.name}: expected as many labels and captions as pictures, got {len(self.pictures)}, {self.labels.shape}, {len(self.captions)}")

    def some(self, count, seed=0):
        """At most `count` of the pictures, drawn by seed."""
        if not count or count >= len(self.pictures):
            return self
        kept = np.sort(np.random.default_rng(seed).permutation(len(self.pictures))[:count])
        return replace(self, pictures=[self.pictures[i] for i in kept], labels=self.labels[kept], captions=[self.captions[i] for i in kept])


def make_set(name, origin, classes, rows):
    """A PictureSet of `rows` (picture, emotion names, captions). Raises DataError when there are none or a file is missing."""
    rows = list(rows)
    missing = [str(picture) for picture, _, _ in rows if isinstance(picture, Path) and not picture.exists()]
    if not rows or missing:
        raise DataError(f"{name}: expected {len(rows) or 'some'} pictures" + (f", {len(missing)} are not there, the first is {missing[0]}" if missing else ", found none"))
    labels = np.zeros((len(rows), len(classes)), bool)
    for label, (picture, emotions, _) in zip(labels, rows):
        if unknown := set(emotions) - set(classes):
            raise DataError(f"{name}: expected labels of {', '.join(classes)}, got {', '.join(sorted(unknown))} for {picture}")
        label[[classes.index(emotion) for emotion in emotions]] = True
    return PictureSet(name, origin, [row[0] for row in rows], list(classes), labels, [list(row[2]) for row in rows])


def need(path):
    """`path` as a Path. Raises DataError when it is not there."""
    path = Path(path)
    if not path.exists():
        raise DataError(f"{path}: expected a file or folder of the published data set, found none")
    return path


def open_picture(source):
    """PIL picture in RGB, upright, transparency on white."""
    if isinstance(source, np.ndarray):
        return Image.fromarray(source)
    with Image.open(source) as picture:
        picture = ImageOps.exif_transpose(picture)
        if "A" not in picture.getbands() and "transparency" not in picture.info:
            return picture.convert("RGB")
        white = Image.new("RGBA", picture.size, "white")
        return Image.alpha_composite(white, picture.convert("RGBA")).convert("RGB")
