"""The latest photographs of a stream that never ends, against those of the test.

Nobody tells which of them are of one scene, and photographs of one camera come one after the other.
So the latest are cut, in the order in which they came, into as many stretches as the cube root of
their number, each of which is as one observation (batch means, as in
`utils.analysis.prediction.bursts`, but without knowing where a scene ends). A scene that lasts
longer than a stretch, 57 photographs of 400, counts as more than it is.
"""

import threading
from collections import deque
from dataclasses import dataclass
from typing import Any

import numpy as np

from utils.analysis.evaluation.carried import unpacked
from utils.drift.features import OF_FACES, Album, seen
from utils.drift.two_samples import Compared, compare
from utils.drift.watching import album_of_test
from utils.metrics.detections import Detections

RECENT = 400
"""How many photographs, the latest, are compared."""

FEWEST = 50
"""Photographs from which there is something to compare."""

REPETITIONS = 199


@dataclass
class _Told:
    count: int
    compared: Compared | None


class Latest:
    """The latest photographs that a model looked at; threads may share it.

    Parameters
    ----------
    evaluation
        The field of this name of the model's file; None where the model was not tested.
    threshold
        Confidence from which a face counts: that of the test.
    """

    def __init__(self, evaluation: Any, threshold: float) -> None:
        self._known: Album | None = None
        if evaluation is not None:
            album = album_of_test(*unpacked(evaluation, "the model file"))
            self._known = album.with_features(OF_FACES)
        self._threshold = threshold
        self._rows: deque[np.ndarray] = deque(maxlen=RECENT)
        self._lock = threading.Lock()
        self._count = 0
        self._told = _Told(0, None)

    def add(self, found: Detections) -> None:
        """Take what was found on a photograph."""
        if self._known is None:
            return
        row = seen([found], self._threshold).values[0]
        with self._lock:
            self._rows.append(row)
            self._count += 1

    def compared(self) -> Compared | None:
        """Return how the latest differ from the test; None of fewer than `FEWEST`."""
        with self._lock:
            rows, count = list(self._rows), self._count
        if self._known is None or len(rows) < FEWEST:
            return None
        if self._told.count != count:
            stretches = np.array_split(np.arange(len(rows)), round(len(rows) ** (1 / 3)))
            groups = np.repeat(np.arange(len(stretches)), [len(part) for part in stretches])
            album = Album(OF_FACES, np.array(rows), groups)
            self._told = _Told(count, compare(self._known, album, 0, REPETITIONS))
        return self._told.compared
