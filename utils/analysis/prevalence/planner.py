"""How many photographs an answer of a wanted width takes, from what a first one showed."""

from collections.abc import Callable
from typing import Any

import numpy as np

from utils.analysis.prevalence.pilot import Pilot

MOST = 10_000_000
"""A plan that takes more photographs than this is no plan."""


def plan(first: Pilot, half_width: float) -> dict[str, Any]:
    """Return what it takes to know the share to within so much, of 0..1.

    Returns
    -------
    ``half_width``; ``now`` (the half-width predicted for what there is); ``both`` ({new, test}: the
    fewest photographs in all); ``new`` and ``test`` (of one kind alone); ``annotated`` (of the new
    photographs that there are). Numbers are totals, those that there are included, and None where
    not even `MOST` would do, or not all of the new photographs. ``told`` and ``tested_alike``
    (`Pilot`) are False where there is no plan of photographs, or none of annotations.
    """
    if not 0 < half_width < 0.5:
        raise ValueError(f"a half-width of {half_width} is not above 0 and below 0.5")
    new, test = first.photos, first.tested
    parts = np.sqrt(np.maximum(first.spread, 1e-12))
    mixed = parts / parts.sum()  # least photographs in all for a variance
    result = {
        "half_width": half_width,
        "now": first.half_width(new, test),
        **dict.fromkeys(("both", "new", "test", "annotated")),
        "told": first.told,
        "tested_alike": first.tested_alike,
    }

    def both(total: int) -> tuple[int, int]:
        wanted = np.ceil(mixed * total).astype(int)
        return max(int(wanted[0]), new), max(int(wanted[1]), test)

    if first.told:
        total = _least(lambda number: first.half_width(*both(number)), half_width, 2)
        if total:
            result["both"] = dict(zip(("new", "test"), both(total), strict=True))
        result["new"] = _least(lambda number: first.half_width(number, test), half_width, new)
        result["test"] = _least(lambda number: first.half_width(new, number), half_width, test)
    if first.tested_alike:
        result["annotated"] = _least(first.annotated_half_width, half_width, 5, new)
    return result


def _least(
    width: Callable[[int], float], wanted: float, start: int, most: int = MOST
) -> int | None:
    """Return the least number from `start` on whose width is small enough; widths fall."""
    if start > most or width(most) > wanted:
        return None
    low, high = start - 1, most
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if width(middle) <= wanted else (middle, high)
    return high
