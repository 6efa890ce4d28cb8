"""Faces by a detector of ours, whatever class it says of them."""

from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np

from utils.classifier.finders.finder import Found, clipped
from utils.classifier.finders.names import OfDetector
from utils.dataset.labels import BACKGROUND
from utils.metrics.detections import Detections


class FindsFaces(Protocol):
    """What a finder needs of a detector."""

    digest: str

    def predict(self, images: Sequence[np.ndarray]) -> list[Detections]: ...


class DetectorFinder:
    """Finds the faces that a detector finds; the score is how likely each is any face at all.

    Parameters
    ----------
    detector
        `utils.detector.inference.Detector`, or what has its ``predict`` and ``digest``.
    content
        What its file holds, to be kept in a file of two stages.

    Attributes
    ----------
    learnt
        The photographs that the detector learnt from, as far as known.
    """

    name = "detector"

    def __init__(self, options: OfDetector, detector: FindsFaces, content: Any = None) -> None:
        self.options, self._detector, self._content = options, detector, content
        self.identity = detector.digest
        self.learnt = getattr(detector, "learnt", None)

    def content(self) -> Any:
        return {"identity": self.identity, "model": self._content}

    def find(self, image: np.ndarray) -> Found:
        """Return the faces on a photograph: see `utils.classifier.finders.finder.FaceFinder`."""
        (found,) = self._detector.predict([image])
        height, width = image.shape[:2]
        boxes = clipped(found.boxes, width, height)
        scores = (1 - found.probabilities[:, BACKGROUND]).astype(np.float32)
        sides = (boxes[:, 2:] - boxes[:, :2]).min(axis=1, initial=np.inf)
        kept = (scores >= self.options.least) & (sides >= max(self.options.smallest, 1e-6))
        order = np.flatnonzero(kept)[np.argsort(-scores[kept], kind="stable")]
        return boxes[order], scores[order]
