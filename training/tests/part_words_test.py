"""The captions' words for the parts, and how alike two sentences are."""

import numpy as np

from moodifier_train.data.part_words import PartWords, read_sentence, shared_words

LABELS = ["mouth", "eyes", "face"]


def stimulus(part, text, box=(0, 0, 1, 1)):
    return {"part": part, "text": text, "box": list(box)}


def test_a_sentence_has_a_subject_and_words():
    assert read_sentence("The mouth is a small smile.") == ("mouth", {"a", "small", "smile"})
    assert read_sentence("") == ("", set()) and read_sentence("The mouth") == ("mouth", set())


def test_sentences_share_words_only_about_the_same_part():
    assert shared_words("The mouth is a small smile.", "The mouth is a small smile") == 1
    assert shared_words("The mouth is wide open.", "The mouth is open.") == 0.5
    assert shared_words("The eyes are open.", "The mouth is open.") == 0 and shared_words("", "The mouth is open.") == 0


def test_what_is_said_lies_with_its_part():
    record = {"stimuli": [stimulus("mouth", "The mouth is open."), stimulus("eyes", "The eyes are shut.", (0, 0, 0.5, 0.5))]}
    words = PartWords([record] * 4, LABELS, 3)
    assert words.vocabulary == [("eyes", "shut"), ("mouth", "open")]
    assert words.said[0].tolist() == [[False, True, False], [True, False, False], [False] * 3]
    assert words.told[0].tolist() == [True, True, False] and words.boxes[3, 1].tolist() == [0, 0, 0.5, 0.5]


def test_a_part_with_several_sentences_has_the_words_of_all():
    record = {"stimuli": [stimulus("face", "The mouth is open."), stimulus("face", "The eyes are shut.")]}
    assert PartWords([record] * 4, LABELS, 2).said[0].tolist() == [[False] * 2, [False] * 2, [True] * 2]


def test_the_most_frequent_words_are_kept():
    often, seldom = [{"stimuli": [stimulus("mouth", f"The mouth is {word}.")]} for word in ("open", "shut")]
    words = PartWords([often] * 3 + [seldom] * 2, LABELS, 1)
    assert words.vocabulary == [("mouth", "open")] and words.said[:, 0, 0].tolist() == [True] * 3 + [False] * 2
    assert np.array_equal(words.told[:, 0], [True] * 5)
