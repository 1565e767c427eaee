"""The two measures of the paper's Tables 1-3 on one set, fold by fold, with what guessing would give."""

import numpy as np
import torch

from moodifier_train.evaluation.scores import chance_at, over_folds, recall_both_ways, top_k_accuracy
from moodifier_train.tasks.clip import EMOTION_PROMPT

FOLDS, KS, RS = 5, (1, 2, 3), (1, 5)


def measure(model, pictures):
    """{"zero_shot"?, "retrieval"?}, each {"pictures", "pool", "chance": {column: share}, "folds": {column: [share per fold]}}.

    Zero-shot needs labels and at least FOLDS labelled pictures, retrieval as many with captions; what a set cannot give is left out.
    A set is cut into FOLDS parts by seed 0, the same for every model; retrieval finds a picture or text among those of its fold.
    """
    features = model.embed_pictures(pictures.pictures)
    out = {}
    labelled = np.flatnonzero(pictures.labels.any(1))
    if len(labelled) >= FOLDS:
        out["zero_shot"] = classify(features[labelled], model.embed_texts([EMOTION_PROMPT.format(name) for name in pictures.classes]), pictures.labels[labelled])
    captioned = [i for i, texts in enumerate(pictures.captions) if texts]
    if len(captioned) >= FOLDS:
        out["retrieval"] = retrieve(features[captioned], model, [pictures.captions[i] for i in captioned])
    return out


def classify(images, prompts, labels):
    labels = torch.from_numpy(labels)
    folds = over_folds(len(images), lambda part: top_k_accuracy(images[part], prompts, labels[part], KS), FOLDS)
    chance = {f"top{k}": value for k, value in chance_at(labels, KS).items()}
    return {"pictures": len(images), "pool": len(prompts), "chance": chance, "folds": folds}


def retrieve(images, model, captions):
    """Texts that are word for word the same count once, and belong to every picture that has them."""
    texts = sorted({text for own in captions for text in own})
    number = {text: i for i, text in enumerate(texts)}
    features, chances = model.embed_texts(texts), []

    def one_fold(part):
        used = sorted({number[text] for i in part for text in captions[i]})
        column = {text: at for at, text in enumerate(used)}
        right = torch.zeros(len(part), len(used), dtype=torch.bool)
        for row, i in zip(right, part):
            row[[column[number[text]] for text in captions[i]]] = True
        ways = {"i2t": chance_at(right, RS), "t2i": chance_at(right.T, RS)}
        chances.append({f"{way}_r{k}": value for way, values in ways.items() for k, value in values.items()})
        return recall_both_ways(images[part] @ features[used].T, right, RS)

    folds = over_folds(len(images), one_fold, FOLDS)
    chance = {name: float(np.mean([fold[name] for fold in chances])) for name in chances[0]}
    return {"pictures": len(images), "pool": len(images) // FOLDS, "chance": chance, "folds": folds}
