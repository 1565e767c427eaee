import csv
import json

import numpy as np
import pytest
from evaluate import READERS
from PIL import Image
from sets.picture_set import DataError, open_picture


def paint(path, colour="red", mode="RGB"):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new(mode, (12, 8), colour).save(path)


def labels_of(pictures):
    return [[name for name, right in zip(pictures.classes, row) if right] for row in pictures.labels]


def test_emotion6_takes_the_most_probable_emotion_and_all_of_a_tie(tmp_path):
    heading = "[image_filename]\t[valence]\t[arousal]\t[prob. anger]\t[prob. disgust]\t[prob. fear]\t[prob. joy]\t[prob. sadness]\t[prob. surprise]\t[prob. neutral]"
    lines = [heading, "disgust/1.jpg\t2.5\t3.8\t0.133333\t0.7\t0\t0.0666667\t0.1\t0\t0", "fear/2.jpg\t4\t5\t0\t0\t0.4\t0\t0\t0.4\t0.2"]
    (tmp_path / "ground_truth.txt").write_text("\n".join(lines) + "\n")
    paint(tmp_path / "images/disgust/1.jpg")
    paint(tmp_path / "images/fear/2.jpg")
    pictures = READERS["emotion6"](tmp_path)
    assert labels_of(pictures) == [["disgust"], ["fear", "surprise"]] and pictures.classes[-1] == "neutral"
    assert open_picture(pictures.pictures[0]).size == (12, 8)


def test_emoset_reads_the_split_and_orders_classes_by_its_info(tmp_path):
    order = ["amusement", "awe", "contentment", "excitement", "anger", "disgust", "fear", "sadness"]
    (tmp_path / "info.json").write_text(json.dumps({"emotion": {"label2idx": {name: i for i, name in enumerate(order)}}}))
    row = ["awe", "awe_00001", "image/awe/awe_00001.jpg", "annotation/awe/awe_00001.json"]
    (tmp_path / "test.json").write_text(json.dumps([row]))
    paint(tmp_path / row[2])
    pictures = READERS["emoset"](tmp_path)
    assert pictures.classes == order and labels_of(pictures) == [["awe"]]


def struct_array(rows):
    """A MATLAB struct array of dicts with the same keys."""
    array = np.empty(len(rows), dtype=[(key, object) for key in rows[0]])
    for at, row in enumerate(rows):
        array[at] = tuple(row.values())
    return array


def test_emotic_joins_people_and_annotators(tmp_path):
    savemat = pytest.importorskip("scipy.io").savemat
    cell = lambda *names: np.array(names, dtype=object)
    annotated = lambda *answers: struct_array([{"worker_id": f"W{i}", "categories": answer} for i, answer in enumerate(answers)])
    person = lambda *answers: {"body_bbox": np.array([1, 2, 3, 4]), "annotations_categories": annotated(*answers)}
    two = struct_array([person(cell("Happiness", "Peace"), cell("Happiness")), person(cell("Doubt/Confusion"))])
    one = struct_array([person(cell("Fear"))])
    entries = [
        {"filename": "COCO_val2014_000000000001.jpg", "folder": "mscoco/images", "person": two},
        {"filename": "a.jpg", "folder": "framesdb/images", "person": one},
    ]
    (tmp_path / "Annotations").mkdir()
    savemat(tmp_path / "Annotations/Annotations.mat", {"test": struct_array(entries), "train": struct_array(entries[:1])})
    paint(tmp_path / "emotic/mscoco/images/COCO_val2014_000000000001.jpg")
    paint(tmp_path / "emotic/framesdb/images/a.jpg")
    pictures = READERS["emotic"](tmp_path)
    assert labels_of(pictures) == [["doubt or confusion", "happiness", "peace"], ["fear"]] and len(pictures.classes) == 26


def test_senticap_gives_the_captions_of_both_sentiments(tmp_path):
    sentence = lambda raw, sentiment: {"raw": raw, "tokens": raw.split(), "word_sentiment": [0] * len(raw.split()), "sentiment": sentiment}
    images = [
        {"filename": "COCO_val2014_000000000042.jpg", "imgid": 0, "split": "test", "sentences": [sentence("a lovely dog", 1), sentence("a sad dog ", 0)]},
        {"filename": "COCO_val2014_000000000043.jpg", "imgid": 1, "split": "train", "sentences": [sentence("a great bus", 1)]},
    ]
    (tmp_path / "data").mkdir()
    (tmp_path / "data/senticap_dataset.json").write_text(json.dumps({"images": images}))
    paint(tmp_path / "val2014/COCO_val2014_000000000042.jpg")
    pictures = READERS["senticap"](tmp_path)
    assert pictures.captions == [["a lovely dog", "a sad dog"]] and not pictures.labels.any()


def test_affection_counts_votes_and_finds_pictures_in_their_own_layouts(tmp_path):
    places = {
        ("coco_affective", "COCO_train2014_000000206192.jpg"): "train2014/COCO_train2014_000000206192.jpg",
        ("visual_genome_affective", "17.jpg"): "VG_100K_2/17.jpg",
        ("you_aaai_affective", "awe_0001.jpg"): "awe/awe_0001.jpg",
        ("emotional_machines_affective", "x.jpg"): "x.jpg",
    }
    votes = ["awe", "awe", "fear", "something else"]
    rows = [(d, n, e, f"i feel {e}", "test") for d, n in places for e in votes]
    rows += [("flickr30k_affective", "f.jpg", "awe", "so wide", "test"), ("coco_affective", "other.jpg", "fear", "no", "train")]
    table = tmp_path / "language/version_0/affection_preprocessed_public_version_0.csv"
    table.parent.mkdir(parents=True)
    with open(table, "w", newline="") as lines:
        csv.writer(lines).writerows([("dataset", "image_name", "emotion", "utterance_spelled", "split"), *rows])
    for (dataset, _), place in places.items():
        paint(tmp_path / "images" / dataset / place)
    pictures = READERS["affection"](tmp_path)
    assert labels_of(pictures) == [["awe"]] * 4 and pictures.captions[0] == [f"i feel {e}" for e in votes]
    assert "4 of 5 data sets" in pictures.origin


def test_a_labelled_folder_may_lack_emotions_or_captions_and_transparency_turns_white(tmp_path):
    paint(tmp_path / "a.png", (0, 0, 0, 0), "RGBA")
    paint(tmp_path / "b.png")
    rows = [{"file": "a.png", "emotions": ["joy"], "captions": []}, {"file": "b.png", "emotions": [], "captions": ["a bag"]}]
    (tmp_path / "labels.json").write_text(json.dumps({"name": "mine", "origin": "by hand", "classes": ["joy", "fear"], "pictures": rows}))
    pictures = READERS["labelled"](tmp_path)
    assert labels_of(pictures) == [["joy"], []] and pictures.captions == [[], ["a bag"]]
    assert open_picture(pictures.pictures[0]).getpixel((0, 0)) == (255, 255, 255)
    assert len(pictures.some(1).pictures) == 1


@pytest.mark.parametrize("reader", ["emotion6", "emoset", "emotic", "senticap", "affection", "labelled", "moodworld"])
def test_an_empty_folder_is_named(reader, tmp_path):
    with pytest.raises(DataError, match="expected"):
        READERS[reader](tmp_path)


def test_a_missing_picture_is_named(tmp_path):
    (tmp_path / "labels.json").write_text(json.dumps({"name": "mine", "origin": "", "classes": [], "pictures": [{"file": "gone.png", "emotions": [], "captions": []}]}))
    with pytest.raises(DataError, match="gone.png"):
        READERS["labelled"](tmp_path)
