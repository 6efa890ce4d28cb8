"""The confusion matrix of a detector, with "no face" as its class 0."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from utils.dataset.faces import Faces
from utils.dataset.labels import BACKGROUND, CLASSES
from utils.metrics.detections import Detections
from utils.metrics.matching import IOU, match

SIDE = len(CLASSES) + 1
RATIOS = ("precision", "recall", "f1")


def confusion_counts(
    detections: Sequence[Detections], faces: Sequence[Faces], threshold: float, iou: float = IOU
) -> np.ndarray:
    """Count, photo by photo, what each face was taken for and what each detection really was.

    Detections and faces are paired by overlap alone, so that a face found but given the wrong
    class counts once, as confused, and not twice, as missed and invented.

    Parameters
    ----------
    detections, faces
        One entry a photograph, in the same order.
    threshold
        Detections of lower confidence do not count.
    iou
        Least intersection over union of a pair.

    Returns
    -------
    int64, shape (photos, 4, 4): rows the true class, row 0 the detections without a face
    (invented); columns the predicted class, column 0 the faces without a detection (missed). The
    entry [0, 0] is 0: photographs hold no countable "no face, and none detected".
    """
    counts = np.zeros((len(faces), SIDE, SIDE), np.int64)
    for table, found, real in zip(counts, detections, faces, strict=True):
        kept = found.above(threshold)
        pairs = match(kept, real, iou, class_aware=False)
        np.add.at(table, (pairs.true_labels(real), kept.labels), 1)
        np.add.at(table, (real.labels[pairs.detection_of < 0], BACKGROUND), 1)
    return counts


def operating_metrics(confusion: np.ndarray) -> dict[str, Any]:
    """Return precision, recall and F1 of a confusion matrix, shape (4, 4).

    Returns
    -------
    ``classes`` ({name: {faces, detections, precision, recall, f1}}), ``overall`` (the same, a
    detection being right if its class is), ``any_class`` (right if there is a face at all) and
    ``matched`` ({faces, right, accuracy}: of the faces that were found, how many were given the
    right class). None where there is nothing to divide by, and for a class without faces: what is
    called so may be rightly called so wherever there are such faces.
    """
    counts = np.asarray(confusion)
    faces, found = counts[1:].sum(axis=1), counts[:, 1:].sum(axis=0)
    right = counts.diagonal()[1:]
    total, matched = (int(faces.sum()), int(found.sum())), int(counts[1:, 1:].sum())
    return {
        "overall": _ratios(int(right.sum()), *total),
        "any_class": _ratios(matched, *total),
        "matched": {
            "faces": matched,
            "right": int(right.sum()),
            "accuracy": int(right.sum()) / matched if matched else None,
        },
        "classes": {
            name: _ratios(int(right[k]), int(faces[k]), int(found[k]))
            | ({} if faces[k] else dict.fromkeys(RATIOS))
            for k, name in enumerate(CLASSES)
        },
    }


def _ratios(right: int, faces: int, found: int) -> dict[str, float | int | None]:
    return {
        "faces": faces,
        "detections": found,
        "precision": right / found if found else None,
        "recall": right / faces if faces else None,
        "f1": 2 * right / (faces + found) if faces + found else None,
    }
