"""The 95 % intervals of an evaluation: where the number would lie on endlessly many photographs.

Ratios (precision, recall, F1) have score intervals on the effective number of faces
(`utils.metrics.ratios`). Average precision has no formula: its interval is approximate, normal on
the logit scale, with spread and bias as resampled photographs show them (Davison and Hinkley,
Bootstrap Methods (1997), section 5.2) and Student's t for few. On too few photographs or faces it
has none. ``benchmarks/evaluation_intervals.py`` measures how often they hold the truth.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from scipy.special import ndtri

from utils.dataset.labels import CLASSES
from utils.metrics.average_precision import class_precision, mean
from utils.metrics.bootstrap import LEVEL, expansion
from utils.metrics.ranking import Ranking
from utils.metrics.ratios import ratio_interval

LEAST_PHOTOS, LEAST_FACES, LEAST_FACES_OF_MEAN = 40, 30, 10
"""What an interval of average precision needs: photographs; faces of the class; and, for the mean
over classes, faces of each. Below, average precision is too high by as much as it is uncertain."""

_EDGE = 0.001  # how near to 0 and 1 the logit tells average precisions apart

Interval = list[float] | None


def precision_intervals(rankings: Sequence[Ranking], weights: np.ndarray) -> dict[str, Any]:
    """Return the approximate 95 % intervals of average precision.

    Parameters
    ----------
    rankings
        One a class, at COCO's overlaps (`utils.metrics.ranking.rank`).
    weights
        The resamples, as `utils.metrics.bootstrap.draws_of` gives them.

    Returns
    -------
    ``map`` and ``map_50``, and ``classes`` ({name: {map, map_50}}): [low, high], None below
    `LEAST_PHOTOS` and `LEAST_FACES`. A resample without a face of a class does not count for it.
    """
    told, drawn = class_precision(rankings), class_precision(rankings, weights)
    faces = np.array([ranking.faces.sum() for ranking in rankings])
    crowds = np.array([(ranking.faces > 0).sum() for ranking in rankings])
    enough = weights.shape[1] >= LEAST_PHOTOS

    def both(at: np.ndarray) -> dict[str, Interval]:
        least = LEAST_FACES if len(at) == 1 else LEAST_FACES_OF_MEAN
        if not enough or not len(at) or faces[at].min() < least:
            return {"map": None, "map_50": None}
        photos = int(crowds[at].min())
        return {
            name: approximate(mean(told[at][..., part])[0], mean(drawn[at][..., part]), photos)
            for name, part in (("map", slice(None)), ("map_50", slice(1)))
        }

    classes = {name: both(np.array([k])) for k, name in enumerate(CLASSES)}
    return {**both(np.flatnonzero(faces)), "classes": classes}


def operating_intervals(tables: np.ndarray) -> dict[str, Any]:
    """Return the 95 % intervals of what `utils.metrics.confusion.operating_metrics` returns.

    Parameters
    ----------
    tables
        Shape (photos, 4, 4): the confusion counts of each photograph.
    """
    faces, found = tables[:, 1:].sum(axis=2), tables[:, :, 1:].sum(axis=1)
    right = tables.diagonal(axis1=1, axis2=2)[:, 1:]
    matched = tables[:, 1:, 1:].sum(axis=(1, 2))

    def three(hits: np.ndarray, real: np.ndarray, said: np.ndarray) -> dict[str, Interval]:
        return {
            "precision": ratio(hits, said),
            "recall": ratio(hits, real),
            "f1": ratio(2 * hits, real + said),
        }

    total = faces.sum(axis=1), found.sum(axis=1)
    return {
        "overall": three(right.sum(axis=1), *total),
        "any_class": three(matched, *total),
        "matched": {"accuracy": ratio(right.sum(axis=1), matched)},
        "classes": {
            name: three(right[:, k], faces[:, k], found[:, k] * faces[:, k].any())
            for k, name in enumerate(CLASSES)  # of a class without faces nothing is told
        },
    }


def add_intervals(record: dict[str, Any], intervals: dict[str, Any]) -> None:
    """Put each part's intervals beside its numbers, as ``intervals``."""
    for name, part in intervals.pop("classes").items():
        record["classes"][name]["intervals"] = part
    for name in [name for name, part in intervals.items() if isinstance(part, dict)]:
        record[name]["intervals"] = intervals.pop(name)
    if intervals:
        record["intervals"] = intervals


def ratio(above: np.ndarray, below: np.ndarray) -> Interval:
    """Return the interval of a ratio over photographs; None where one photograph holds it all.

    Parameters
    ----------
    above, below
        Shape (photos,): as `ratio_interval` takes them.
    """
    if (below > 0).sum() < 2:
        return None
    low, high = ratio_interval(above, below)
    return [float(low), float(high)]


def approximate(told: float, drawn: np.ndarray, photos: int) -> Interval:
    """Return the interval of an average precision, or of another area, from its resamples.

    Where all resamples are perfect, or worthless, a photograph with faces counts as one observation
    of a share (Clopper and Pearson 1934).

    Parameters
    ----------
    told, drawn
        The area, and shape (resamples,): what each resample gives, NaN where it has no faces.
    photos
        How many photographs have faces of the class.
    """
    middle, logits = _logit(told), _logit(drawn[np.isfinite(drawn)])
    if photos < 2 or not logits.size:
        return None
    half = ndtri((1 + LEVEL) / 2) * expansion(photos) * logits.std()
    middle -= logits.mean() - middle  # resamples are biased against this as this is against truth
    low, high = 1 / (1 + np.exp(-np.array([middle - half, middle + half])))
    bound = ((1 - LEVEL) / 2) ** (1 / photos)
    low = min(low, bound) if told >= 1 - _EDGE else low
    high = max(high, 1 - bound) if told <= _EDGE else high
    return [float(min(low, told)), float(max(high, told))]


def _logit(values: np.ndarray | float) -> np.ndarray:
    inside = np.clip(values, _EDGE, 1 - _EDGE)
    return np.log(inside / (1 - inside))
