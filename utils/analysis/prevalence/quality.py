"""What a detector must be for its counts to be worth a correction."""

import numpy as np

from utils.dataset.labels import CLASSES, PROPERLY_MASKED

LEAST = 0.25
"""Recall, precision and separation that a detector must have for an answer.

Separation is by how much likelier a properly masked face that was found is called so than another
one (Youden's J). A correction divides by these numbers: below, by four and more.
"""

_BEST = PROPERLY_MASKED - 1


def detector_quality(confusion: np.ndarray) -> dict[str, float | None]:
    """Return what an answer needs of a detector: ``recall``, ``precision``, ``separation``.

    Recall and precision are of faces, whatever their class; for separation see `LEAST`. None where
    the test set cannot tell. Without a test face that is not properly masked, separation is 1: that
    the class is untested is said elsewhere.
    """
    table = np.asarray(confusion, np.float64)
    inner = table[1:, 1:]
    others = np.arange(len(CLASSES)) != _BEST
    found = inner.sum(axis=1)
    separation = None
    if found[_BEST] and not table[1:][others].sum():
        separation = 1.0
    elif found[_BEST] and found[others].sum():
        separation = inner[_BEST, _BEST] / found[_BEST]
        separation = float(separation - inner[others, _BEST].sum() / found[others].sum())
    return {
        "recall": float(inner.sum() / table[1:].sum()) if table[1:].any() else None,
        "precision": float(inner.sum() / table[:, 1:].sum()) if table[:, 1:].any() else None,
        "separation": separation,
    }
