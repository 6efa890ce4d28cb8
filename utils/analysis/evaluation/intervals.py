"""Bootstrap intervals of an evaluation: every number of it, on the same resamples."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from utils.dataset.labels import CLASSES
from utils.metrics.average_precision import class_precision, mean
from utils.metrics.bootstrap import interval, ratio
from utils.metrics.ranking import Ranking
from utils.seed import derive_seed

REPETITIONS = 1000

Interval = list[float] | None


def draw_photographs(photos: int, seed: int, repetitions: int = REPETITIONS) -> np.ndarray:
    """Draw as many photographs as there are, with replacement, many times.

    Returns
    -------
    int64, shape (repetitions, photos): how often each resample holds each photograph.
    """
    rng = np.random.default_rng(derive_seed(seed, "evaluation"))
    return rng.multinomial(photos, np.full(photos, 1 / photos), size=repetitions)


def precision_intervals(rankings: Sequence[Ranking], weights: np.ndarray) -> dict[str, Any]:
    """Return the 95 % intervals of average precision.

    Parameters
    ----------
    rankings
        One a class, at COCO's overlaps (`utils.metrics.ranking.rank`).
    weights
        The resamples, as `draw_photographs` gives them.

    Returns
    -------
    ``map`` and ``map_50``, and ``classes`` ({name: {map, map_50}}): [low, high], None where there
    is no face or only one photograph. A resample without a face of a class does not count for it.
    """
    precision = class_precision(rankings, weights)
    photos = weights.shape[1]

    def both(part: np.ndarray) -> dict[str, Interval]:
        return {
            "map": interval(mean(part), photos),
            "map_50": interval(mean(part[:, :, :1]), photos),
        }

    classes = {name: both(precision[k : k + 1]) for k, name in enumerate(CLASSES)}
    return {**both(precision), "classes": classes}


def operating_intervals(tables: np.ndarray, weights: np.ndarray) -> dict[str, Any]:
    """Return the 95 % intervals of what `utils.metrics.confusion.operating_metrics` returns.

    Parameters
    ----------
    tables
        Shape (photos, 4, 4): the confusion counts of each photograph.
    """
    side, photos = tables.shape[1], len(tables)
    drawn = (weights @ tables.reshape(photos, -1)).reshape(-1, side, side)
    faces, found = drawn[:, 1:].sum(axis=2), drawn[:, :, 1:].sum(axis=1)
    right = drawn.diagonal(axis1=1, axis2=2)[:, 1:]
    matched = drawn[:, 1:, 1:].sum(axis=(1, 2))

    def three(hits: np.ndarray, real: np.ndarray, said: np.ndarray) -> dict[str, Interval]:
        return {
            "precision": interval(ratio(hits, said), photos),
            "recall": interval(ratio(hits, real), photos),
            "f1": interval(ratio(2 * hits, real + said), photos),
        }

    total = faces.sum(axis=1), found.sum(axis=1)
    return {
        "overall": three(right.sum(axis=1), *total),
        "any_class": three(matched, *total),
        "matched": {"accuracy": interval(ratio(right.sum(axis=1), matched), photos)},
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
