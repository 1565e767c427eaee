"""Emotion6 (Peng et al., CVPR 2015): 1980 pictures with a distribution over Ekman's six emotions and neutral.

Layout (the archive's own readme.txt): `ground_truth.txt`, one heading line, then tab-separated lines of picture, valence, arousal and
the seven probabilities in the order of EMOTIONS; pictures in `images/<search word>/<n>.jpg`. There is no split and there are no captions.
"""

from .picture_set import DataError, make_set, need

EMOTIONS = ["anger", "disgust", "fear", "joy", "sadness", "surprise", "neutral"]


def read(folder):
    """Label: the most probable emotion, all of them on a tie."""
    table = need(f"{folder}/ground_truth.txt")
    rows = []
    for line in table.read_text(encoding="utf-8").splitlines()[1:]:
        if not line.strip():
            continue
        name, *numbers = line.split("\t") if "\t" in line else line.split()
        if len(numbers) != 2 + len(EMOTIONS):
            raise DataError(f"{table}: expected a name and {2 + len(EMOTIONS)} numbers a line, got {line!r}")
        shares = [float(number) for number in numbers[2:]]
        rows.append((table.parent / "images" / name, [e for e, share in zip(EMOTIONS, shares) if share == max(shares)], []))
    return make_set("Emotion6", "Label: the emotion that most annotators felt; the word that found a picture is not used.", EMOTIONS, rows)
