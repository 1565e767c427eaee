"""Token alignment of two captions: Needleman-Wunsch as in prompt-to-prompt's Refine (Hertz et al. 2022)."""

import numpy as np

LEFT, UP, DIAGONAL = range(3)


def align_tokens(source, target, length):
    """mapper int [length], alpha float [length] for token ids that include start and end.

    Gap 0, match +1, mismatch -1; ties go left (target token is new), then up (source token is dropped), then diagonal.
    mapper[j] = source position aligned with target position j, or -1 with alpha 0; padding maps to its own position.
    """
    n, m = len(source), len(target)
    score, move = np.zeros((n + 1, m + 1), int), np.full((n + 1, m + 1), LEFT)
    move[1:, 0] = UP
    for i in range(1, n + 1):
        for j in range(1, m + 1):
            options = (score[i, j - 1], score[i - 1, j], score[i - 1, j - 1] + (1 if source[i - 1] == target[j - 1] else -1))
            score[i, j], move[i, j] = max(options), options.index(max(options))
    mapper, alpha = np.full(length, -1), np.zeros(length)
    i, j = n, m
    while i or j:
        if move[i, j] == DIAGONAL:
            i, j = i - 1, j - 1
            mapper[j], alpha[j] = i, 1
        elif move[i, j] == LEFT:
            j -= 1
        else:
            i -= 1
    mapper[m:], alpha[m:] = np.arange(m, length), 1
    return mapper, alpha
