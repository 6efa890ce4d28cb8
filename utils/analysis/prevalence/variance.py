"""What the variance of an answer is made of, and how many people would tell as much."""

import numpy as np

from utils.analysis.prevalence.adjusted_counts import BEST, shares_of
from utils.analysis.prevalence.draws import Draws


def variance_parts(drawn: Draws, best: int = BEST) -> dict[str, float]:
    """Return what ``new`` photographs, ``test`` photographs and ``detector`` add to the variance.

    Of the share that wears a mask properly, as an estimate for the place. Resampled new photographs
    vary by who is on them and by what the detector makes of that; the latter is taken off.
    """
    test, detector, new = (
        float(np.nanvar(_finite(shares_of(drawn.people(chance))[:, best])))
        for chance in ("test", "detector", "new")
    )
    detector = min(detector, new)
    return {"new": new - detector, "test": test, "detector": detector}


def design(share: float | None, variance: float, people: float) -> dict[str, float | None]:
    """Return the design effect of an answer and the effective number of people (Kish 1965).

    Parameters
    ----------
    share, variance
        The estimate and its variance; so many people, asked one by one and at random, would have
        given as much variance.
    people
        How many people there are on the photographs.
    """
    if share is None or not 0 < share < 1 or variance <= 0:
        return {"effect": None, "effective": None}
    effective = share * (1 - share) / variance
    return {"effect": people / effective, "effective": effective}


def _finite(values: np.ndarray) -> np.ndarray:
    return np.where(np.isfinite(values), values, np.nan)
