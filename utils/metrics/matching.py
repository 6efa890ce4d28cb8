"""Which detection belongs to which face: greedy matching by confidence and overlap."""

from dataclasses import dataclass

import numpy as np

from utils.dataset.faces import Faces
from utils.dataset.labels import BACKGROUND
from utils.metrics.detections import Detections

IOU = 0.5
"""The overlap from which a detection counts as found, unless a caller says otherwise."""


@dataclass(frozen=True)
class Matching:
    """Pairs of detections and faces on one photograph.

    Attributes
    ----------
    face_of
        int64, one entry a detection: the index of its face, -1 where it has none (invented).
    detection_of
        int64, one entry a face: the index of its detection, -1 where it has none (missed).
    """

    face_of: np.ndarray
    detection_of: np.ndarray

    @property
    def hits(self) -> np.ndarray:
        """Bool, one entry a detection: whether it found a face."""
        return self.face_of >= 0

    def true_labels(self, faces: Faces) -> np.ndarray:
        """Return the class of each detection's face, `BACKGROUND` where it has none: int64."""
        return np.append(faces.labels, BACKGROUND)[self.face_of]  # of -1, the last


def pairwise_iou(boxes: np.ndarray, others: np.ndarray) -> np.ndarray:
    """Return intersection over union of every box with every other box.

    Parameters
    ----------
    boxes, others
        Shapes (N, 4) and (M, 4): x1, y1, x2, y2 in pixels, half-open.

    Returns
    -------
    float64, shape (N, M), in 0..1; 0 where both boxes are empty.
    """
    a = np.asarray(boxes, np.float64).reshape(-1, 1, 4)
    b = np.asarray(others, np.float64).reshape(1, -1, 4)
    sides = np.minimum(a[..., 2:], b[..., 2:]) - np.maximum(a[..., :2], b[..., :2])
    common = np.prod(np.clip(sides, 0, None), axis=-1)
    union = np.prod(a[..., 2:] - a[..., :2], axis=-1) + np.prod(b[..., 2:] - b[..., :2], axis=-1)
    union = union - common
    return np.divide(common, union, out=np.zeros_like(common), where=union > 0)


def match(
    detections: Detections, faces: Faces, iou: float = IOU, class_aware: bool = True
) -> Matching:
    """Match detections to faces, one to one, the most confident detection choosing first.

    Each detection takes, of the faces that are still free, the one it overlaps most, if they
    overlap by `iou` or more: the rule of PASCAL VOC (Everingham et al. 2010) in COCO's form,
    where a detection whose best face is taken may have the next best. So the matches of the
    detections above a threshold are those of all detections, restricted to the ones above it.

    Parameters
    ----------
    detections
        By falling confidence, as `Detections` promises.
    iou
        Least intersection over union of a pair.
    class_aware
        Whether a pair must also agree in class: yes for precision and recall, no for a
        confusion matrix, which compares the classes of a pair afterwards.
    """
    overlap = pairwise_iou(detections.boxes, faces.boxes)
    if class_aware:
        overlap[detections.labels[:, None] != faces.labels[None, :]] = 0
    face_of = assign(overlap, np.array([iou]))[0]
    detection_of = np.full(len(faces), -1, np.int64)
    found = np.flatnonzero(face_of >= 0)
    detection_of[face_of[found]] = found
    return Matching(face_of, detection_of)


def assign(overlap: np.ndarray, ious: np.ndarray, ignored: np.ndarray | None = None) -> np.ndarray:
    """Give each detection, in turn, the free face it overlaps most, at several least overlaps.

    Parameters
    ----------
    overlap
        Shape (D, F): intersection over union of detections, by falling confidence, and faces; 0
        for pairs that may not be.
    ious
        Shape (T,): least overlaps, each above 0, each of which gives its own pairs.
    ignored
        bool, shape (F,): faces taken only by detections that can have no other.

    Returns
    -------
    int64, shape (T, D): the index of each detection's face, -1 without one. Of equal overlaps the
    last face is taken, as pycocotools does.
    """
    face_of = np.full((len(ious), len(overlap)), -1, np.int64)
    if not overlap.size:
        return face_of
    free = np.ones((len(ious), overlap.shape[1]), bool)
    last = overlap.shape[1] - 1
    for number in np.flatnonzero(overlap.max(axis=1) >= ious.min()):
        able = free & (overlap[number] >= ious[:, None])
        if ignored is not None:
            wanted = able & ~ignored
            able = np.where(wanted.any(axis=1, keepdims=True), wanted, able)
        face = last - np.where(able, overlap[number], -1)[:, ::-1].argmax(axis=1)
        at = np.flatnonzero(able.any(axis=1))
        face_of[at, number] = face[at]
        free[at, face[at]] = False
    return face_of
