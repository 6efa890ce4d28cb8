"""What a detector says of one photograph."""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Detections:
    """Detected faces of one photograph, by falling confidence.

    Attributes
    ----------
    boxes
        float32, shape (N, 4): x1, y1, x2, y2 in pixels of the upright image, zero-based, half-open.
    labels
        int64, shape (N,): class ids from 1 (see `utils.dataset.labels`).
    scores
        float32, shape (N,): confidence in 0..1, never rising along the array.
    """

    boxes: np.ndarray
    labels: np.ndarray
    scores: np.ndarray

    def __len__(self) -> int:
        return len(self.labels)

    def above(self, threshold: float) -> "Detections":
        """Return the detections whose confidence is at least `threshold`."""
        keep = self.scores >= threshold
        return Detections(self.boxes[keep], self.labels[keep], self.scores[keep])
