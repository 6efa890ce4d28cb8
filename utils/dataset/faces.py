"""The annotated faces of one photograph."""

from dataclasses import dataclass, field

import numpy as np


def _no_boxes() -> np.ndarray:
    return np.zeros((0, 4), np.float32)


def _no_labels() -> np.ndarray:
    return np.zeros(0, np.int64)


@dataclass(frozen=True)
class Faces:
    """Boxes and classes of the faces on one photograph.

    Attributes
    ----------
    boxes
        float32, shape (N, 4): x1, y1, x2, y2 in pixels of the upright image, zero-based, half-open.
    labels
        int64, shape (N,): class ids from 1 (see `utils.dataset.labels`).
    """

    boxes: np.ndarray = field(default_factory=_no_boxes)
    labels: np.ndarray = field(default_factory=_no_labels)

    def __len__(self) -> int:
        return len(self.labels)
