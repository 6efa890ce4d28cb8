"""Which new photographs are least like those of the test, and in what."""

from dataclasses import dataclass

import numpy as np

from utils.drift.features import Album
from utils.drift.two_samples import weights_of

NUMBER = 5
"""How many are told."""

UNUSUAL = 0.05
"""A feature is told of where a smaller share of the test photographs is as far out."""

_CONSTANT = 1e-9


@dataclass(frozen=True)
class Unlike:
    """A photograph that stands out.

    Attributes
    ----------
    photograph
        Its number.
    features
        Name, whether it is high, and the share of test photographs that are as far out or farther;
        the farthest first.
    """

    photograph: int
    features: tuple[tuple[str, bool, float], ...]


def least_alike(known: Album, new: Album, number: int = NUMBER) -> list[Unlike]:
    """Return the new photographs that are farthest out, one of each group, the farthest first.

    How far is the mean over the features of the squared distance from the mean of the test, in its
    standard deviations; what a photograph does not tell is left out.
    """
    low, high = (_tails(known, new, side) for side in (-1, 1))
    tails = np.fmin(low, high)
    squares = np.square(_deviations(known, new))
    told = np.isfinite(squares)
    far = np.where(told, squares, 0).sum(axis=1) / np.maximum(told.sum(axis=1), 1)
    result: list[Unlike] = []
    taken: set[int] = set()
    for n in np.argsort(-far, kind="stable"):
        if new.groups[n] in taken or not (tails[n] < UNUSUAL).any():
            continue
        taken.add(new.groups[n])
        far_out = np.flatnonzero(tails[n] < UNUSUAL)
        outliers = [
            (new.names[k], bool(high[n, k] < low[n, k]), float(tails[n, k]))
            for k in far_out[np.argsort(tails[n, far_out], kind="stable")]
        ]
        result.append(Unlike(int(n), tuple(outliers)))
        if len(result) == number:
            break
    return result


def _deviations(known: Album, new: Album) -> np.ndarray:
    """Return how far new photographs are from the mean of known ones, (photographs, features).

    0 of what is the same on all known photographs.
    """
    result = np.full(new.values.shape, np.nan)
    for k in range(len(known.names)):
        weights = weights_of(known, k)
        if not weights.any():
            continue
        values = np.nan_to_num(known.values[:, k])
        mean = np.average(values, weights=weights)
        spread = np.sqrt(np.average((values - mean) ** 2, weights=weights))
        result[:, k] = (new.values[:, k] - mean) * (1 / spread if spread > _CONSTANT else 0)
    return result


def _tails(known: Album, new: Album, side: int) -> np.ndarray:
    """Return the share of known photographs as far out to a side, (photographs, features).

    A photograph is counted in, so that none is 0.
    """
    result = np.full(new.values.shape, np.nan)
    for k in range(len(known.names)):
        weights = weights_of(known, k)
        some = weights > 0
        values, weights = side * known.values[some, k], weights[some]
        order = np.argsort(values)
        above = np.append(np.cumsum(weights[order][::-1])[::-1], 0)
        there = np.isfinite(new.values[:, k])
        places = np.searchsorted(values[order], side * new.values[there, k], side="left")
        result[there, k] = (above[places] + 1) / (weights.sum() + 1)
    return result
