"""How many annotated photographs an answer of a wanted width takes, from those that there are.

What each of them adds to the variance tells what a sample of another size would have: its chances
grow with the size, until a photograph is certain to be in it. What the place adds, from which the
new photographs are a sample, stays; no number of annotations takes it away.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np

from utils.metrics.bootstrap import effective_photos
from utils.metrics.ratios import wilson


@dataclass(frozen=True)
class Terms:
    """What the variance of an answer from annotations is made of.

    Attributes
    ----------
    errors, among
        Shape (n,): what each annotated photograph adds by the detector's errors, and by how
        photographs of the place differ. Of errors one number for all will do.
    people
        Effective number of photographs with people among them.
    """

    errors: np.ndarray
    among: np.ndarray
    people: float


def more_annotations(
    share: float, terms: Terms, chances: np.ndarray, photos: int, half_width: float
) -> dict[str, Any]:
    """Return how many annotated photographs, in all, it takes to know a share to within so much.

    Parameters
    ----------
    share, terms
        The answer, and what its variance is made of.
    chances
        Shape (n,): of the annotated photographs.
    photos
        All new photographs.
    half_width
        Above 0 and below 0.5.

    Returns
    -------
    ``half_width``, ``now`` (that of the answer), ``all`` (with all new photographs annotated) and
    ``annotated``: the number, None where not even all would do.
    """
    if not 0 < half_width < 0.5:
        raise ValueError(f"a half-width of {half_width} is not above 0 and below 0.5")
    least, most = len(chances), photos

    def width(number: int) -> float:
        low, high = wilson(np.float64(share), *_basis(share, terms, chances, number, photos))
        return float(high - low) / 2

    told = {"half_width": half_width, "now": width(least), "all": width(most), "annotated": None}
    if told["now"] <= half_width:
        return {**told, "annotated": least}
    if told["all"] > half_width:
        return told
    while most - least > 1:
        middle = (least + most) // 2
        least, most = (least, middle) if width(middle) <= half_width else (middle, most)
    return {**told, "annotated": most}


def _basis(
    share: float, terms: Terms, chances: np.ndarray, number: int, photos: int
) -> tuple[np.float64, np.float64]:
    """Return number of people and degrees of freedom for a sample of so many photographs."""
    times = number / len(chances)
    chances = chances if len(terms.errors) == len(chances) else chances.mean(keepdims=True)
    grown = np.minimum(chances * times, 1.0)
    left = np.maximum(1 - chances, 1e-12)
    errors = terms.errors * (1 - grown) / left * chances / grown
    errors = errors if number < photos else np.zeros_like(errors)
    parts = np.array([errors.sum(), terms.among.sum()])
    each = [max(float(effective_photos(part)), 1.0) * times for part in (terms.errors, terms.among)]
    variance = max(parts.sum(), 1e-12)
    known = share * (1 - share) / variance if 0 < share < 1 else terms.people * times
    freedom = variance**2 / max((parts**2 / each).sum(), 1e-24)
    return np.float64(known), np.float64(freedom)
