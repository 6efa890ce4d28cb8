"""The confidence from which a detection counts as a person."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from utils.dataset.faces import Faces
from utils.metrics.detections import Detections
from utils.metrics.matching import IOU, match

DEFAULT_THRESHOLD = 0.5


@dataclass(frozen=True)
class OperatingPoint:
    """A confidence threshold and how the detections above it do, each in 0..1.

    A ratio without a denominator (precision without detections, recall without faces) is 0.
    """

    threshold: float
    f1: float
    precision: float
    recall: float


def choose_threshold(
    detections: Sequence[Detections], faces: Sequence[Faces], iou: float = IOU
) -> OperatingPoint:
    """Return the threshold of the best micro-averaged F1 score.

    All detections of all photographs and classes are pooled; one is right if it overlaps a face of
    its own class by `iou` or more. Choose on validation photographs, never on the test set.

    The threshold lies midway between the lowest confidence that is kept and the next lower one (it
    is the lowest itself if nothing lies below), so that rounding cannot change what is kept. Of
    equally good thresholds the highest is taken: what it adds would be as often wrong as right.
    Where no detection is right at any threshold, it is 0.5.

    Parameters
    ----------
    detections, faces
        One entry a photograph, in the same order.
    """
    pairs = list(zip(detections, faces, strict=True))
    scores = np.concatenate([found.scores for found, _ in pairs] or [np.zeros(0)])
    hits = np.concatenate([match(*pair, iou).hits for pair in pairs] or [np.zeros(0, bool)])
    people = sum(map(len, faces))
    order = np.argsort(-scores, kind="stable")
    scores, hits = scores[order].astype(np.float64), hits[order].cumsum()
    cuts = np.flatnonzero(np.append(scores[:-1] > scores[1:], True)) if len(scores) else []
    if not len(cuts) or not hits[-1]:
        return OperatingPoint(DEFAULT_THRESHOLD, 0.0, 0.0, 0.0)
    f1 = 2 * hits[cuts] / (cuts + 1 + people)
    best = int(cuts[f1.argmax()])  # the first of equals, which has the highest threshold
    lowest, below = scores[best], scores[min(best + 1, len(scores) - 1)]
    middle = np.float32((lowest + below) / 2)  # confidences are float32: so is what parts them
    return OperatingPoint(
        threshold=float(middle if middle > below else lowest),
        f1=float(f1.max()),
        precision=float(hits[best] / (best + 1)),
        recall=float(hits[best] / people),
    )
