"""What a detector says of one photograph."""

from dataclasses import dataclass

import numpy as np

from utils.dataset.labels import BACKGROUND


@dataclass(frozen=True)
class Detections:
    """Detected faces of one photograph, by falling confidence.

    Attributes
    ----------
    boxes
        float32, shape (N, 4): x1, y1, x2, y2 in pixels of the upright image, zero-based, half-open.
    labels
        int64, shape (N,): class ids from 1 (see `utils.dataset.labels`), the likeliest of each.
    scores
        float32, shape (N,): confidence in 0..1, never rising along the array; the probability of
        the label.
    probabilities
        float32, shape (N, 4): of "no face" and of each class, by id, adding up to 1.
    """

    boxes: np.ndarray
    labels: np.ndarray
    scores: np.ndarray
    probabilities: np.ndarray

    def __len__(self) -> int:
        return len(self.labels)

    def above(self, threshold: float) -> "Detections":
        """Return the detections whose confidence is at least `threshold`."""
        return self._at(np.flatnonzero(self.scores >= threshold))

    def by_class(self, least: float) -> "Detections":
        """Return each face once for every class that it is of with probability `least` or more.

        This is what average precision ranks: for each class the boxes, by how likely they are of
        that class. Counting people takes the detections as they are.
        """
        of_class = self.probabilities[:, BACKGROUND + 1 :]
        face, column = np.nonzero(of_class >= least)
        scores = of_class[face, column]
        order = np.argsort(-scores, kind="stable")
        face, labels = face[order], column[order] + BACKGROUND + 1
        return Detections(self.boxes[face], labels, scores[order], self.probabilities[face])

    def _at(self, index: np.ndarray) -> "Detections":
        return Detections(
            self.boxes[index], self.labels[index], self.scores[index], self.probabilities[index]
        )
