"""The share of each class with its intervals, corrected and as it was counted."""

from typing import Any

import numpy as np

from utils.analysis.prevalence.adjusted_counts import BEST, shares_of
from utils.analysis.prevalence.draws import Draws
from utils.analysis.prevalence.intervals import Photos, share_here, share_interval
from utils.metrics.ratios import ratio_interval

NOTHING = dict.fromkeys(("share", "interval", "interval_here"))
"""The record of a class of which nothing can be told."""


def consistent(shares: np.ndarray, best: int = BEST) -> np.ndarray:
    """Let the other classes share what the answer leaves, so that all add up to 1: (K,) to (K,).

    Parameters
    ----------
    best
        Which of the K classes, two or more, is the answer.
    """
    others = np.arange(len(shares)) != best
    rest, left = shares[others].sum(), 1 - shares[best]
    part = shares[others] / rest if rest > 0 else np.full(others.sum(), 1 / others.sum())
    result = shares.copy()
    result[others] = left * part
    return result


def corrected_shares(
    shares: np.ndarray, counted: np.ndarray, drawn: Draws, photos: Photos
) -> list[dict[str, Any]]:
    """Return ``share``, ``interval`` and ``interval_here`` of each class, None where there is none.

    Parameters
    ----------
    shares
        Shape (K,): the estimate, in 0..1.
    counted
        Shape (K,): the same before the correction.
    """
    place, test, here = (
        shares_of(drawn.people(*chances))
        for chances in (("test", "new"), ("test",), ("test", "detector"))
    )
    if not photos.crowds or not np.isfinite(shares).all():
        return [dict(NOTHING) for _ in shares]
    result = []
    for k, share in enumerate(shares):
        of_place = of_photos = None
        if photos.test > 1:
            of_photos = ends(*share_here(share, here[:, k], photos))
        if photos.test > 1 and photos.new > 1:
            of_place = ends(*share_interval(share, counted[k], place[:, k], test[:, k], photos))
        result.append({"share": float(share), "interval": of_place, "interval_here": of_photos})
    return result


def raw_shares(counts: np.ndarray, photos: Photos) -> list[dict[str, Any]]:
    """Return ``share`` and ``interval`` of each class as it was counted (CC).

    Parameters
    ----------
    counts
        Shape (photos, K): what was found on each new photograph, or in each group.
    """
    size, total = counts.sum(axis=1), counts.sum()
    low, high = ratio_interval(counts.T, np.broadcast_to(size, counts.T.shape))
    return [
        {
            "share": float(counts[:, k].sum() / total) if total else None,
            "interval": ends(low[k], high[k]) if photos.new > 1 else None,
        }
        for k in range(counts.shape[1])
    ]


def ends(low: np.ndarray, high: np.ndarray) -> list[float]:
    """Return an interval as a record has it."""
    return [float(low), float(high)]
