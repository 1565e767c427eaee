"""A `moodworld-raw` folder (training/README.md), every picture of it: draw it with a seed, or in a style, that training never saw."""

from moodifier_train.data.moodworld import MoodWorld, full_text

from .picture_set import make_set


def read(folder):
    """Label: the emotion it was drawn with; text: the full caption."""
    world = MoodWorld(folder)
    rows = ((picture, [record["emotion"]], [full_text(record)]) for picture, record in zip(world.images, world.records))
    styles, categories = ({record[key] for record in world.records} for key in ("style", "category"))
    what = styles.pop() if len(styles) == 1 else ", ".join(sorted(categories))
    origin = "Label: the emotion that was drawn; text: the full caption, which names it."
    return make_set(f"MoodArchive-mini, held out: {what}", origin, world.emotions, rows)
