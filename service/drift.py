"""How far the faces that come are from those of the test: in confidence, and in size.

A model file carries the 10th, 50th and 90th percentile of both over what counted on its test
photographs. These cut what comes into four bins, of which a tenth, four tenths, four tenths and a
tenth are expected. The population stability index compares: below 0.1 there is no change to speak
of, above 0.25 a large one.

Source: Siddiqi, Credit Risk Scorecards (2006), chapter 10.
"""

import threading
from collections import deque
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from utils.metrics.detections import Detections
from utils.metrics.ranking import face_sides

EXPECTED = np.array([0.1, 0.4, 0.4, 0.1])
RECENT = 1000
"""Faces that are compared, the latest."""

FEWEST = 100
"""Faces from which there is something to compare."""

FEATURES = ("confidence", "side")


class Drift:
    """The latest faces of a model against its test.

    Parameters
    ----------
    evaluation
        What the test showed; None before one, of which nothing is known.
    """

    def __init__(self, evaluation: Mapping[str, Any] | None) -> None:
        counted = (evaluation or {}).get("counted") or {}
        self._edges = {name: counted[name] for name in FEATURES if counted.get(name)}
        self._recent = {name: deque(maxlen=RECENT) for name in self._edges}
        self._lock = threading.Lock()

    def add(self, faces: Detections) -> None:
        """Take the faces of a photograph that count."""
        values = {"confidence": faces.scores, "side": face_sides(faces)}
        with self._lock:
            for name, recent in self._recent.items():
                recent.extend(float(value) for value in values[name])

    def indices(self) -> dict[str, float]:
        """Return the stability index by feature, as far as it is known."""
        with self._lock:
            values = {name: list(recent) for name, recent in self._recent.items()}
        return {
            name: stability_index(some, self._edges[name])
            for name, some in values.items()
            if len(some) >= FEWEST
        }


def stability_index(values: Sequence[float], edges: Sequence[float]) -> float:
    """Return the population stability index of values against percentiles 10, 50 and 90.

    A half is added to each count, so that an empty bin gives a number.
    """
    counts = np.bincount(np.searchsorted(edges, values, side="right"), minlength=4) + 0.5
    shares = counts / counts.sum()
    return float(((shares - EXPECTED) * np.log(shares / EXPECTED)).sum())
