"""One scene, as a camera shows it for a while, against the photographs of the test.

However long it is watched, it is one observation, of which no test of chance tells much. What can
be told is how many photographs of the test are as far out as it is on the whole.
"""

from typing import Any

import numpy as np

from utils.analysis.prevalence.box_features import FEATURES as OF_BOXES
from utils.drift.features import Album, seen
from utils.drift.least_alike import least_alike
from utils.drift.words import WAY_OUT, feature_words
from utils.metrics.detections import Detections

HOW_SEEN = (*OF_BOXES, "boxes")
"""How faces are seen. Their classes are not of it: another mix is corrected for."""

EVERY = 1.0
"""Seconds between two frames that are looked at."""

FEWEST = 5
"""Frames with faces from which there is something to tell."""


class Scene:
    """What a camera shows.

    Parameters
    ----------
    known
        The photographs of the test.
    threshold
        Confidence from which a face counts.
    """

    def __init__(self, known: Album, threshold: float) -> None:
        self._known, self._threshold = known.with_features(HOW_SEEN), threshold
        self._last = -np.inf
        self._sum, self._frames = np.zeros(len(HOW_SEEN)), 0

    def add(self, found: Detections, time: float) -> None:
        """Take what was found on a frame; `time` in seconds."""
        if time - self._last < EVERY:
            return
        self._last = time
        row = seen([found], self._threshold).with_features(HOW_SEEN).values[0]
        if np.isfinite(row).all():  # else there was no face
            self._sum += row
            self._frames += 1

    def unlike(self) -> list[dict[str, Any]]:
        """Return in what it is unusual: ``{name, high, share}``, the farthest first."""
        if self._frames < FEWEST:
            return []
        mean = Album(HOW_SEEN, self._sum[None] / self._frames, np.zeros(1, int))
        return [
            {"name": name, "high": high, "share": share}
            for one in least_alike(self._known, mean, 1)
            for name, high, share in one.features
        ]

    def doubts(self) -> list[str]:
        """Return a reason not to trust the answer, in sentences; none where all is usual."""
        told = [
            f"{feature_words(one['name'], one['high'])} (as far out: {100 * one['share']:.1f} %)"
            for one in self.unlike()
        ]
        if not told:
            return []
        return [
            f"The source is unlike the photographs of the model's test: {', '.join(told)}. Where "
            "faces are harder, or easier, to judge than there, the share is wrong by more than its "
            f"interval says. Save single frames. {WAY_OUT}."
        ]
