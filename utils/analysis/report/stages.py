"""What each of two stages loses, and what that does to the rate: as counted, and corrected."""

from typing import Any

import numpy as np

from utils.analysis.evaluation.intervals import ratio
from utils.analysis.evaluation.joined import correcting_photos
from utils.analysis.report.kinds import TWO_STAGE, kind_of
from utils.dataset.labels import CLASSES, PROPERLY_MASKED

_BEST = PROPERLY_MASKED


def stages(prevalence: dict[str, Any], evaluation: dict[str, Any]) -> dict[str, Any] | None:
    """Return what the stages of a model do to the test faces; None unless it has two.

    Returns
    -------
    ``classes``: {name: {faces, found, right, intervals}}: of the test faces of a class the share
    that was found, whatever it was called, and of those the share that was called rightly, with
    95 % intervals; None where there is nothing to divide by. ``test``: {annotated, counted}: the
    share of the properly masked among the test faces, and among what was counted on their
    photographs. ``uneven``: by how much likelier masked faces are found than others, None where
    one of them is not there; and ``biased``: whether the intervals say that this is no chance.
    """
    if kind_of(evaluation) != TWO_STAGE:
        return None
    photos = correcting_photos(evaluation, join_validation=False)
    tables = np.array([photo["confusion"] for photo in photos]).reshape(-1, *[len(CLASSES) + 1] * 2)
    faces, inner = tables[:, 1:].sum(axis=2), tables[:, 1:, 1:]
    found, right = inner.sum(axis=2), inner.diagonal(axis1=1, axis2=2)
    classes = {
        name: {
            "faces": int(faces[:, k].sum()),
            "found": _share(found[:, k], faces[:, k]),
            "right": _share(right[:, k], found[:, k]),
            "intervals": {
                "found": ratio(found[:, k], faces[:, k]),
                "right": ratio(right[:, k], found[:, k]),
            },
        }
        for k, name in enumerate(CLASSES)
        if name not in prevalence["absent"]
    }
    others = np.arange(len(CLASSES)) != _BEST - 1
    sides = [(found[:, some].sum(axis=1), faces[:, some].sum(axis=1)) for some in (~others, others)]
    masked, bare = (_share(*side) for side in sides)
    spans = [ratio(*side) for side in sides]
    counted = tables[:, :, 1:].sum(axis=(0, 1))
    return {
        "classes": classes,
        "test": {
            "annotated": _share(faces[:, _BEST - 1], faces.sum(axis=1)),
            "counted": _share(counted[_BEST - 1], counted.sum()),
        },
        "uneven": None if masked is None or bare is None else masked - bare,
        "biased": bool(all(spans) and (spans[0][1] < spans[1][0] or spans[1][1] < spans[0][0])),
    }


def _share(above: np.ndarray, below: np.ndarray) -> float | None:
    total = np.sum(below)
    return float(np.sum(above) / total) if total else None
