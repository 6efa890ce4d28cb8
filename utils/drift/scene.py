"""One scene, as a camera shows it for a while, against the photographs of the test.

However long it is watched, it is one observation: neighbouring frames show the same people, and all
of them the same place, distance and light. So the means over its frames are compared with the
photographs of the test (`utils.drift.few`).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from utils.analysis.prevalence.box_features import FEATURES as OF_BOXES
from utils.analysis.report.shift import BROKEN, FAR
from utils.dataset.looks import looks
from utils.drift.features import OF_LOOKS, Album, seen
from utils.drift.few import compare_means
from utils.drift.two_samples import Compared
from utils.drift.words import WAY_OUT, feature_words
from utils.metrics.detections import Detections

HOW_SEEN = (*OF_BOXES, "boxes", *OF_LOOKS)
"""How faces are seen. Classes are left out, because another mix of them is corrected for."""

EVERY = 1.0
"""Seconds between two frames that are looked at."""

FEWEST = 5
"""Frames with faces from which there is something to tell."""


@dataclass
class Scene:
    """What a camera shows, added up.

    Attributes
    ----------
    threshold
        Confidence from which a face counts.
    frames
        How many frames with faces were looked at.
    sums
        Of `HOW_SEEN` over these.
    last
        The second of the frame that was looked at last.
    """

    threshold: float
    frames: int = 0
    sums: list[float] = field(default_factory=lambda: [0.0] * len(HOW_SEEN))
    last: float = -np.inf

    def add(self, found: Detections, time: float, image: np.ndarray) -> None:
        """Take a frame, uint8 (H, W, 3) RGB, and what was found on it; `time` in seconds."""
        if time - self.last < EVERY:
            return
        self.last = time
        if (found.scores >= self.threshold).any():  # else there is no face to tell how it is seen
            album = seen([found], self.threshold, [looks(image)]).with_features(HOW_SEEN)
            row = album.values[0].tolist()
            self.sums = [one + more for one, more in zip(self.sums, row, strict=True)]
            self.frames += 1

    def compared(self, known: Album) -> Compared | None:
        """Return how it differs from the photographs of the test; None of too few frames."""
        if self.frames < FEWEST:
            return None
        mean = Album(HOW_SEEN, np.array([self.sums]) / self.frames, np.zeros(1, int))
        return compare_means(known.with_features(HOW_SEEN), mean, 0)

    def as_record(self) -> dict[str, Any]:
        """Return it as plain values for a record."""
        last = self.last if np.isfinite(self.last) else None
        return {"threshold": self.threshold, "frames": self.frames, "sums": self.sums, "last": last}

    @classmethod
    def from_record(cls, record: Mapping[str, Any]) -> "Scene":
        """Return the scene that `as_record` wrote down."""
        last = -np.inf if record["last"] is None else record["last"]
        return cls(record["threshold"], record["frames"], list(record["sums"]), last)


def unlike(compared: Compared | None) -> list[dict[str, Any]] | None:
    """Return in what a scene is unlike the test: ``{name, high, deviations, p}``, the surest first.

    None where that cannot be told.
    """
    if compared is None:
        return None
    return [
        {"name": one.name, "high": one.deviations > 0, "deviations": one.deviations, "p": one.p}
        for one in compared.differing()
    ]


def is_beyond(compared: Compared) -> bool:
    """Return whether a scene is so unlike the test that its answer should not be trusted.

    It is where a report of photographs is withheld (`utils.analysis.report.shift`): in how many
    people there are, how large their faces are, or how sure the model is of them.
    """
    return any(
        abs(one.deviations) >= BROKEN and abs(one.new - one.known) >= FAR[one.name]
        for one in compared.differing()
        if one.name in FAR
    )


def doubts(compared: Compared | None) -> list[str]:
    """Return a reason not to trust the answer, in sentences; none where all is usual."""
    if not (differing := unlike(compared)):
        return []
    told = ", ".join(
        f"{feature_words(one['name'], one['high'])} (by {abs(one['deviations']):.1f} standard "
        f"deviations; p = {one['p']:.3f})"
        for one in differing
    )
    lead = "The source is unlike the photographs of the model's test"
    if is_beyond(compared):
        lead = f"The answer should no longer be trusted. {lead}"
    return [
        f"{lead}: {told}. Where faces are harder, or easier, to judge than there, the share is "
        f"wrong by more than its interval says. Save single frames. {WAY_OUT}."
    ]
