"""The captions' words for the parts, and how alike two sentences are."""

import numpy as np

from moodifier_train.data.part_words import PartWords, patches_of, read_sentence, shared_words


def test_a_sentence_has_a_subject_and_words():
    assert read_sentence("The mouth is a small smile.") == ("mouth", {"a", "small", "smile"})
    assert read_sentence("") == ("", set()) and read_sentence("The mouth") == ("mouth", set())


def test_sentences_share_words_only_about_the_same_part():
    assert shared_words("The mouth is a small smile.", "The mouth is a small smile") == 1
    assert shared_words("The mouth is wide open.", "The mouth is open.") == 0.5
    assert shared_words("The eyes are open.", "The mouth is open.") == 0 and shared_words("", "The mouth is open.") == 0


def test_a_box_pools_the_patches_it_meets():
    assert patches_of([0.26, 0.0, 0.5, 0.2], 4).tolist() == [0, 1, *[0] * 14]
    assert np.isclose(patches_of([0.1, 0.1, 0.9, 0.9], 4).sum(), 1) and patches_of([1, 1, 1, 1], 4)[15] == 1


def test_a_word_is_asked_of_its_own_subject_alone():
    stimuli = [{"text": "The mouth is open.", "box": [0, 0, 1, 1]}, {"text": "The eyes are shut.", "box": [0, 0, 0.5, 0.5]}]
    words = PartWords([{"stimuli": stimuli}] * 4, 2)
    assert words.vocabulary == [("eyes", "shut"), ("mouth", "open")]
    assert words.said[0].tolist() == [[False, True], [True, False]] == words.asked[0].tolist()
