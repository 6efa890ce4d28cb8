"""How much better one of two is, measured on the same photographs.

What makes a photograph hard makes it hard for both, so the difference is known better than either:
photographs are resampled as pairs, and each resample gives one difference.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from utils.dataset.labels import CLASSES
from utils.metrics.average_precision import class_precision, mean
from utils.metrics.bootstrap import interval
from utils.metrics.ranking import Ranking

Ratio = Callable[[np.ndarray], tuple[np.ndarray, np.ndarray]]
"""Of tables (..., 4, 4) the numerators and the denominators of ratios to be averaged, (..., K)."""


@dataclass(frozen=True)
class Paired:
    """A measure of two, and the difference.

    Attributes
    ----------
    first, second
        None where there is nothing to measure.
    interval
        95 % interval of second - first; None where there is too little for one.
    differ
        On how many observations (photographs, or groups of near-duplicates) the two differ in it.
    """

    first: float | None
    second: float | None
    interval: tuple[float, float] | None
    differ: int

    @property
    def difference(self) -> float | None:
        """second - first."""
        return None if None in (self.first, self.second) else self.second - self.first

    @property
    def verdict(self) -> str:
        """``higher`` or ``lower`` (the second, beyond chance), ``open``, ``equal`` everywhere."""
        if self.difference is None:
            return "open"
        if not self.differ:
            return "equal"
        low, high = self.interval or (-1.0, 1.0)
        return "higher" if low > 0 else "lower" if high < 0 else "open"


def paired(
    values: tuple[np.ndarray, np.ndarray], drawn: tuple[np.ndarray, np.ndarray], differ: int
) -> Paired:
    """Return a measure of two with the interval of its difference.

    Where the two say the same on most photographs, the few on which they differ are all there is
    to tell them apart by: the percentiles are taken as far out as these few call for
    (`utils.metrics.bootstrap.expanded_percentiles`). On one photograph alone nothing can be told.

    Parameters
    ----------
    values
        The measure of the first and of the second, shape () each; NaN where there is none.
    drawn
        The same of each resample, shape (repetitions,), both by the same resamples.
    differ
        On how many observations the two differ.
    """
    first, second = (float(value) if np.isfinite(value) else None for value in values)
    ends = None
    if not np.nan_to_num(drawn[1] - drawn[0]).any():
        differ = 0  # what is counted may differ, but not the measure
    if first is not None and second is not None and differ > 1:
        ends = interval(drawn[1] - drawn[0], differ)
    return Paired(first, second, tuple(ends) if ends else None, differ)


def paired_ratios(
    tables: tuple[np.ndarray, np.ndarray], weights: np.ndarray, ratios: Mapping[str, Ratio]
) -> dict[str, Paired]:
    """Return ratios of two, counted on the same observations.

    Parameters
    ----------
    tables
        Confusion counts of the first and of the second, shape (observations, 4, 4).
    weights
        Shape (repetitions, observations), see `utils.metrics.bootstrap.draws_of`.
    ratios
        As `ratios_of_photographs` returns them. Where a ratio is the mean of several, those that
        have no denominator at all are left out, and so are resamples that lack one of the others.
    """
    result = {}
    for name, ratio in ratios.items():
        parts = [ratio(table) for table in tables]
        unlike = np.zeros(len(tables[0]), bool)
        for one, other in zip(*parts, strict=True):
            unlike |= (one != other).any(axis=1)
        values, drawn = [], []
        for above, below in parts:
            there = below.any(axis=0)
            above, below = above[:, there], below[:, there]
            values.append(_mean(above.sum(axis=0), below.sum(axis=0)))
            drawn.append(_mean(weights @ above, weights @ below))
        result[name] = paired(tuple(values), tuple(drawn), int(unlike.sum()))
    return result


def ratios_of_photographs(faces: Mapping[str, int]) -> dict[str, Ratio]:
    """Return what is counted of detectors, overall and by class (``recall:with_mask``).

    ``recall``, ``precision`` and ``f1`` are of the right class, ``found`` is the recall of any
    class, and ``class_of_found`` the share of the faces found that have the right class.

    Parameters
    ----------
    faces
        {class: n}: classes without faces have no ratios of their own.
    """
    ratios: dict[str, Ratio] = {
        "f1": lambda t: (2 * _sum(_right(t)), _sum(_there(t) + _said(t))),
        "recall": lambda t: (_sum(_right(t)), _sum(_there(t))),
        "precision": lambda t: (_sum(_right(t)), _sum(_said(t))),
        "found": lambda t: (_matched(t), _sum(_there(t))),
        "class_of_found": lambda t: (_sum(_right(t)), _matched(t)),
    }
    for k, name in enumerate(CLASSES):
        if faces.get(name):
            ratios |= {f"recall:{name}": _recall(k), f"precision:{name}": _precision(k)}
    return ratios


def ratios_of_faces(faces: Mapping[str, int]) -> dict[str, Ratio]:
    """Return what is counted of classifiers, overall and by class, as `ratios_of_photographs`."""
    ratios: dict[str, Ratio] = {
        "balanced_accuracy": lambda t: (_right(t), _there(t)),
        "accuracy": lambda t: (_sum(_right(t)), _sum(_there(t))),
    }
    for k, name in enumerate(CLASSES):
        if faces.get(name):
            ratios |= {f"recall:{name}": _recall(k), f"precision:{name}": _precision(k)}
    return ratios


def paired_precision(
    rankings: tuple[Sequence[Ranking], Sequence[Ranking]], weights: np.ndarray, differ: int
) -> dict[str, Paired]:
    """Return the average precision of two on the same photographs: ``map``, ``map_50``, by class.

    Parameters
    ----------
    rankings
        Of the first and of the second, one a class, at COCO's overlaps.
    weights
        Shape (repetitions, photographs).
    differ
        On how many observations the two differ.
    """
    values = [class_precision(one) for one in rankings]
    drawn = [class_precision(one, weights) for one in rankings]
    there = [bool(ranking.faces.any()) for ranking in rankings[0]]
    result = {}
    for name, part in (("map", slice(None)), ("map_50", slice(1))):
        chosen = {name: there}
        if name == "map_50":
            of_classes = np.eye(len(CLASSES), dtype=bool)[np.array(there)]
            chosen |= {f"map_50:{CLASSES[one.argmax()]}": one for one in of_classes}
        for key, classes in chosen.items():
            told = tuple(mean(one[classes][..., part])[0] for one in values)
            resampled = tuple(mean(one[classes][..., part]) for one in drawn)
            result[key] = paired(told, resampled, differ)
    return result


def _mean(above: np.ndarray, below: np.ndarray) -> np.ndarray:
    """Return the mean of ratios, (..., K) to (...); NaN where one has no denominator."""
    with np.errstate(divide="ignore", invalid="ignore"):
        shares = above / below
    return shares.mean(axis=-1) if shares.shape[-1] else np.full(shares.shape[:-1], np.nan)


def _recall(k: int) -> Ratio:
    return lambda t: (_right(t)[..., k : k + 1], _there(t)[..., k : k + 1])


def _precision(k: int) -> Ratio:
    return lambda t: (_right(t)[..., k : k + 1], _said(t)[..., k : k + 1])


def _sum(counts: np.ndarray) -> np.ndarray:
    return counts.sum(axis=-1, keepdims=True)


def _right(tables: np.ndarray) -> np.ndarray:
    return tables.diagonal(axis1=-2, axis2=-1)[..., 1:]


def _there(tables: np.ndarray) -> np.ndarray:
    return tables[..., 1:, :].sum(axis=-1)


def _said(tables: np.ndarray) -> np.ndarray:
    return tables[..., :, 1:].sum(axis=-2)


def _matched(tables: np.ndarray) -> np.ndarray:
    return tables[..., 1:, 1:].sum(axis=(-2, -1))[..., None]
