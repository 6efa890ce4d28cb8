"""What a detector did worst on annotated photographs: missed, invented and confused faces."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from utils.dataset.faces import Faces
from utils.dataset.labels import CLASSES
from utils.metrics.detections import Detections
from utils.metrics.matching import IOU, match, pairwise_iou
from utils.metrics.ranking import face_sides

SHOWN = 20


@dataclass(frozen=True)
class Mistake:
    """One mistake on one photograph.

    Attributes
    ----------
    kind
        ``missed`` (a face without a box that counts), ``invented`` (a box that counts without a
        face) or ``confused`` (a face found, and given the wrong class).
    photo
        Name of the photograph.
    face, box
        Where the face and the box are: x1, y1, x2, y2 in pixels; None if there is none. An invented
        box has the face that it overlaps most, if any; a missed face the box, too unsure to count,
        that overlaps it most.
    truth, claim
        Class names of the two.
    confidence
        Of the box; None without.
    overlap
        Intersection over union of the two.
    badness
        0..1, see `worst_mistakes`.
    """

    kind: str
    photo: str
    face: list[float] | None
    box: list[float] | None
    truth: str | None
    claim: str | None
    confidence: float | None
    overlap: float
    badness: float

    def as_record(self) -> dict[str, Any]:
        """Return plain values."""
        return asdict(self)


def worst_mistakes(
    names: Sequence[str],
    detections: Sequence[Detections],
    faces: Sequence[Faces],
    threshold: float,
    shown: int = SHOWN,
) -> list[Mistake]:
    """Return the worst mistakes at the operating threshold: of each kind in turn, the worst first.

    They are those of the confusion matrix (`utils.metrics.confusion.confusion_counts`). A wrong box
    is as bad as it was confident. A missed face is as bad as it was plain to see: the share of all
    faces here that are smaller. The two cannot be compared, and of a detector that is bad in one
    way nothing else would be shown. Therefore the kinds take turns.

    Parameters
    ----------
    names, detections, faces
        One entry a photograph, in the same order.
    """
    sides = np.sort(np.concatenate([face_sides(real) for real in faces] or [np.zeros(0)]))
    found = [
        mistake
        for one in zip(names, detections, faces, strict=True)
        for mistake in _mistakes_on(*one, threshold, sides)
    ]
    found.sort(key=lambda m: (-m.badness, m.photo, m.face or m.box))
    turns: dict[str, int] = {}
    ranked = []
    for mistake in found:
        turns[mistake.kind] = turns.get(mistake.kind, 0) + 1
        ranked.append((turns[mistake.kind], mistake))
    return [mistake for _, mistake in sorted(ranked, key=lambda pair: pair[0])[:shown]]


def _mistakes_on(
    name: str, found: Detections, real: Faces, threshold: float, sides: np.ndarray
) -> list[Mistake]:
    overlap = pairwise_iou(found.boxes, real.boxes)
    kept = found.above(threshold)  # the first of those found, since confidence falls
    pairs = match(kept, real, IOU, class_aware=False)
    result = []
    for face in np.flatnonzero(pairs.detection_of < 0):
        unsure = np.arange(len(found)) >= len(kept)
        box = _largest(np.where(unsure, overlap[:, face], 0))
        plain = np.searchsorted(sides, face_sides(real)[face]) / len(sides)
        result.append(_mistake("missed", name, found, box, real, face, overlap, float(plain)))
    for box, face in enumerate(pairs.face_of):
        sure = float(kept.scores[box])
        if face < 0:
            near = _largest(overlap[box])
            result.append(_mistake("invented", name, found, box, real, near, overlap, sure))
        elif kept.labels[box] != real.labels[face]:
            result.append(_mistake("confused", name, found, box, real, face, overlap, sure))
    return result


def _largest(overlaps: np.ndarray) -> int | None:
    return int(overlaps.argmax()) if overlaps.size and overlaps.max() > 0 else None


def _mistake(
    kind: str,
    photo: str,
    found: Detections,
    box: int | None,
    real: Faces,
    face: int | None,
    overlap: np.ndarray,
    badness: float,
) -> Mistake:
    return Mistake(
        kind=kind,
        photo=photo,
        face=None if face is None else _rounded(real.boxes[face]),
        box=None if box is None else _rounded(found.boxes[box]),
        truth=None if face is None else CLASSES[real.labels[face] - 1],
        claim=None if box is None else CLASSES[found.labels[box] - 1],
        confidence=None if box is None else round(float(found.scores[box]), 4),
        overlap=0.0 if box is None or face is None else round(float(overlap[box, face]), 4),
        badness=round(badness, 4),
    )


def _rounded(box: np.ndarray) -> list[float]:
    return [round(float(value), 1) for value in box]
