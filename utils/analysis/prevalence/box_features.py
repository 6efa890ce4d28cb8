"""What is compared of the boxes on new and on test photographs: their sides and confidences."""

from collections.abc import Sequence

import numpy as np

from utils.dataset.faces import Faces
from utils.dataset.labels import BACKGROUND, CLASSES
from utils.metrics.detections import Detections
from utils.metrics.matching import IOU, match
from utils.metrics.ranking import face_sides

FEATURES = ("side", "confidence")
"""Features of a box: the logarithm to base 2 of its side in pixels, and the logit of its
confidence."""

_SURE = 0.999  # confidences beyond are all alike: their logits would drown the others


def feature_sums(
    detections: Sequence[Detections],
    threshold: float,
    faces: Sequence[Faces] | None = None,
    iou: float = IOU,
) -> np.ndarray:
    """Add up each feature over the boxes that count, photo by photo.

    Returns
    -------
    float64, shape (photos, 2), of ``side`` and ``confidence``; with `faces`, shape (photos, 4, 2):
    the same by the boxes' true class, row 0 for those without a face.
    """
    result = np.zeros((len(detections), len(CLASSES) + 1, len(FEATURES)))
    for number, found in enumerate(detections):
        kept = found.above(threshold)
        true = np.full(len(kept), BACKGROUND)
        if faces is not None:
            true = match(kept, faces[number], iou, class_aware=False).true_labels(faces[number])
        np.add.at(result[number], true, _features(kept))
    return result if faces is not None else result.sum(axis=1)


def _features(found: Detections) -> np.ndarray:
    sure = np.clip(np.asarray(found.scores, np.float64), 1 - _SURE, _SURE)
    return np.stack([np.log2(np.maximum(face_sides(found), 1)), np.log(sure / (1 - sure))], axis=1)
