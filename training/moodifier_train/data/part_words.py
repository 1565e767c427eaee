"""What the captions say about the parts of a picture, as words that a linear layer can predict from what the patches show."""

import re

import numpy as np

RAREST = 20  # words seen fewer times than this are left out


class PartWords:
    """What the stimuli of every record say about each part of `labels`.

    `vocabulary`: at most `limit` pairs (subject, word), as ("mouth", "open"), the most frequent first; told: bool [count, parts], whether any stimulus
    is about the part; boxes: float32 [count, parts, 4], where it is; said: bool [count, parts, limit], the words of all its sentences.
    """

    def __init__(self, records, labels, limit):
        self.vocabulary = self.collect(records)[:limit]
        places = {pair: i for i, pair in enumerate(self.vocabulary)}
        self.told = np.zeros((len(records), len(labels)), bool)
        self.boxes = np.zeros((*self.told.shape, 4), np.float32)
        self.said = np.zeros((*self.told.shape, limit), bool)
        for i, record in enumerate(records):
            for stimulus in record["stimuli"]:
                part, (subject, words) = labels.index(stimulus["part"]), read_sentence(stimulus["text"])
                self.told[i, part], self.boxes[i, part] = True, stimulus["box"]
                self.said[i, part, [places[subject, word] for word in words if (subject, word) in places]] = True

    @staticmethod
    def collect(records):
        counts = {}
        for record in records:
            for stimulus in record["stimuli"]:
                subject, words = read_sentence(stimulus["text"])
                for word in words:
                    counts[subject, word] = counts.get((subject, word), 0) + 1
        return sorted((pair for pair, count in counts.items() if count >= min(RAREST, len(records) // 4)), key=lambda pair: (-counts[pair], pair))


def read_sentence(text):
    """("mouth", {"a", "small", "smile"}) of "The mouth is a small smile."; ("", ...) where a model wrote no such sentence."""
    _, subject, _, *said = [*re.findall(r"[a-z]+", text.lower()), "", "", ""]
    return subject, {word for word in said if word}


def shared_words(a, b):
    """How alike two sentences describe a part: words of both over words of either (Jaccard), 0..1; 0 for different subjects."""
    (subject, said), (other, meant) = read_sentence(a), read_sentence(b)
    return len(said & meant) / len(said | meant) if subject == other and said | meant else 0.0
