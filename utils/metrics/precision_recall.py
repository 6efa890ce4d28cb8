"""Precision over recall, class by class, as the confidence threshold falls."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from utils.dataset.faces import Faces
from utils.dataset.labels import CLASSES
from utils.metrics.detections import Detections
from utils.metrics.matching import IOU
from utils.metrics.ranking import RECALLS, Ranking, rank


@dataclass(frozen=True)
class Curve:
    """Precision and recall of one class at each distinct confidence, by rising recall.

    Attributes
    ----------
    recall, precision, threshold
        float64, shape (N,): of the detections whose confidence is at least ``threshold``.
    faces
        How many faces there are to find; with none, recall is 0 throughout.
    """

    recall: np.ndarray
    precision: np.ndarray
    threshold: np.ndarray
    faces: int

    def envelope(self) -> np.ndarray:
        """Return the best precision at each recall of `RECALLS` or more, 0 beyond the curve.

        float64, shape (101,). Its mean is COCO's average precision at this IoU, but that boxes of
        equal confidence count together, and that all boxes of a photograph count, not 100 of them.
        """
        best = np.append(np.maximum.accumulate(self.precision[::-1])[::-1], 0.0)
        return best[np.searchsorted(self.recall, RECALLS - 1e-12, side="left")]


def precision_recall(
    detections: Sequence[Detections], faces: Sequence[Faces], iou: float = IOU
) -> dict[str, Curve]:
    """Return the curve of each class, by name.

    Parameters
    ----------
    detections, faces
        One entry a photograph, in the same order.
    iou
        Least intersection over union of a detection and its face.
    """
    rankings = rank(detections, faces, np.array([iou]))
    return {name: _curve(ranking) for name, ranking in zip(CLASSES, rankings, strict=True)}


def _curve(ranking: Ranking) -> Curve:
    scores, right = ranking.scores, ranking.right[0].cumsum()
    faces = int(ranking.faces.sum())
    last = np.flatnonzero(np.append(scores[:-1] > scores[1:], True)[: len(scores)])
    return Curve(right[last] / max(faces, 1), right[last] / (last + 1), scores[last], faces)
