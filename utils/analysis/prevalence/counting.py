"""From what a detector found on photographs to the arrays that the estimators take.

A detection counts as one of its likeliest class (`utils.metrics.confusion.confusion_counts`), or
as a fraction of each class, its probability, which leaves less to chance: the functions here.
"""

from collections.abc import Sequence

import numpy as np

from utils.dataset.faces import Faces
from utils.dataset.labels import BACKGROUND, CLASSES
from utils.metrics.detections import Detections
from utils.metrics.matching import IOU, match


def class_shares(detections: Detections) -> np.ndarray:
    """Return how probable each class is, given that there is a face: float64, shape (N, 3)."""
    shares = np.asarray(detections.probabilities, np.float64)[:, BACKGROUND + 1 :]
    return shares / shares.sum(axis=1, keepdims=True)


def expected_counts(detections: Sequence[Detections], threshold: float) -> np.ndarray:
    """Add up, photo by photo, the class probabilities of what counts: float64, (photos, 3)."""
    result = np.zeros((len(detections), len(CLASSES)))
    for row, found in zip(result, detections, strict=True):
        row += class_shares(found.above(threshold)).sum(axis=0)
    return result


def expected_confusion(
    detections: Sequence[Detections], faces: Sequence[Faces], threshold: float, iou: float = IOU
) -> np.ndarray:
    """Return the confusion matrices of `utils.metrics.confusion.confusion_counts`, in fractions.

    Returns
    -------
    float64, shape (photos, 4, 4): rows and columns as there. A detection adds its `class_shares`
    to the row of its true class, instead of 1 to one entry.
    """
    result = np.zeros((len(faces), len(CLASSES) + 1, len(CLASSES) + 1))
    for table, found, real in zip(result, detections, faces, strict=True):
        kept = found.above(threshold)
        pairs = match(kept, real, iou, class_aware=False)
        np.add.at(table[:, BACKGROUND + 1 :], pairs.true_labels(real), class_shares(kept))
        np.add.at(table, (real.labels[pairs.detection_of < 0], BACKGROUND), 1)
    return result
