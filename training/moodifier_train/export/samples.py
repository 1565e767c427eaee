"""One plan and one annotation as the planner writes them: what goldens and the tiny tokenizer are made from."""

SOURCE = (
    "A cartoon portrait of a person with long brown hair in the avataaars style. The mouth is a thin straight line. "
    "The eyes are half closed. The eyebrows are drawn together. The picture conveys sadness."
)
TARGET = (
    "A cartoon portrait of a person with long brown hair in the avataaars style. The mouth is a wide open smile. "
    "The eyes are curved and twinkling. The eyebrows are raised high. The picture conveys joy."
)
PLAN = {
    "category": "face",
    "source": SOURCE,
    "target": TARGET,
    "kind": "shape",
    "regions": [
        {"label": "mouth", "box": [0.31, 0.55, 0.69, 0.8]},
        {"label": "eyes", "box": [0.28, 0.4, 0.72, 0.52]},
        {"label": "eyebrows", "box": [0.27, 0.3, 0.74, 0.41]},
    ],
}
ANNOTATION = {
    "summary": "A cartoon portrait of a person with long brown hair in the avataaars style.",
    "stimuli": [
        {"text": "The mouth is a wide open smile.", "box": [0.31, 0.55, 0.69, 0.8]},
        {"text": "The eyes are curved and twinkling.", "box": [0.28, 0.4, 0.72, 0.52]},
        {"text": "The eyebrows are raised high.", "box": [0.27, 0.3, 0.74, 0.41]},
    ],
    "overall": "The picture conveys joy.",
    "emotion": "joy",
}
