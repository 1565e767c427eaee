"""What the captions say about the parts of a picture, as words a linear layer can predict from the patches that show the part."""

import re

import numpy as np

RAREST = 20  # words seen fewer times than this are left out


class PartWords:
    """The words of the three stimuli of every record.

    `vocabulary`: pairs (subject, word), as ("mouth", "open"); pools: float32 [count, 3, patches], what share each patch has in the mean over
    the patches that meet the stimulus' box; said: bool [count, 3, words]; asked: bool [count, 3, words], the words of the same subject: whether
    the mouth is open is not asked of the eyes.
    """

    def __init__(self, records, side):
        self.vocabulary = self.collect(records)
        places = {pair: i for i, pair in enumerate(self.vocabulary)}
        subjects = np.array([subject for subject, _ in self.vocabulary])
        shape = (len(records), len(records[0]["stimuli"]))
        self.pools = np.zeros((*shape, side * side), np.float32)
        self.said = np.zeros((*shape, len(self.vocabulary)), bool)
        self.asked = np.zeros_like(self.said)
        for i, record in enumerate(records):
            for k, stimulus in enumerate(record["stimuli"]):
                subject, words = read_sentence(stimulus["text"])
                self.pools[i, k] = patches_of(stimulus["box"], side)
                self.said[i, k, [places[subject, word] for word in words if (subject, word) in places]] = True
                self.asked[i, k] = subjects == subject

    @staticmethod
    def collect(records):
        counts = {}
        for record in records:
            for stimulus in record["stimuli"]:
                subject, words = read_sentence(stimulus["text"])
                for word in words:
                    counts[subject, word] = counts.get((subject, word), 0) + 1
        return sorted(pair for pair, count in counts.items() if count >= min(RAREST, len(records) // 4))


def read_sentence(text):
    """("mouth", {"a", "small", "smile"}) of "The mouth is a small smile."; ("", ...) where a model wrote no such sentence."""
    _, subject, _, *said = [*re.findall(r"[a-z]+", text.lower()), "", "", ""]
    return subject, {word for word in said if word}


def patches_of(box, side):
    """float32 [side * side], equal shares that sum to 1, over the patches that a box [x0, y0, x1, y1] in 0..1 meets."""
    first = [min(side - 1, int(v * side)) for v in box[:2]]
    last = [max(f + 1, int(np.ceil(v * side))) for f, v in zip(first, box[2:])]
    cells = np.zeros((side, side), np.float32)
    cells[first[1] : last[1], first[0] : last[0]] = 1
    return (cells / cells.sum()).ravel()


def shared_words(a, b):
    """How alike two sentences describe a part: words of both over words of either (Jaccard), 0..1; 0 for different subjects."""
    (subject, said), (other, meant) = read_sentence(a), read_sentence(b)
    return len(said & meant) / len(said | meant) if subject == other and said | meant else 0.0
