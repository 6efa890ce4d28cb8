"""What a detector must be for its counts to be worth a correction."""

import numpy as np

from utils.analysis.prevalence.adjusted_counts import BEST
from utils.dataset.labels import CLASSES

LEAST = 0.25
"""Recall, precision and separation that a detector must have for an answer.

Separation is by how much likelier a properly masked face that was found is called so than another
one (Youden's J). A correction divides by these numbers: below, by four and more.
"""


def detector_quality(confusion: np.ndarray) -> dict[str, float | None]:
    """Return what an answer needs of a detector: ``recall``, ``precision``, ``separation``.

    Recall and precision are of faces, whatever their class; for separation see `LEAST`. None where
    the test set cannot tell. Without a test face that is not properly masked, separation is 1: that
    the class is untested is said elsewhere.
    """
    table = np.asarray(confusion, np.float64)
    inner = table[1:, 1:]
    others = np.arange(len(CLASSES)) != BEST
    found = inner.sum(axis=1)
    separation = None
    if found[BEST] and not table[1:][others].sum():
        separation = 1.0
    elif found[BEST] and found[others].sum():
        separation = inner[BEST, BEST] / found[BEST]
        separation = float(separation - inner[others, BEST].sum() / found[others].sum())
    return {
        "recall": float(inner.sum() / table[1:].sum()) if table[1:].any() else None,
        "precision": float(inner.sum() / table[:, 1:].sum()) if table[:, 1:].any() else None,
        "separation": separation,
    }
