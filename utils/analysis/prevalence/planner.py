"""How many photographs an answer of a wanted width takes, from what a first one showed.

The variance of the answer has a part that falls with the number of new photographs, and one that
falls with the number of test photographs. Of annotated new photographs, the test photographs tell
what to expect: they are annotated and were looked at by the detector, too, and stand for the new
ones by who is on them. Half-widths are those that the intervals of
`utils.analysis.prevalence.intervals` and `utils.analysis.prevalence.annotated` would have, within
10 % on average over first samples (a test simulates it); with a detector so poor that the share is
at its end of 0..1, they are too wide by up to a third.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from utils.analysis.prevalence.adjusted_counts import adjusted_counts, shares_of
from utils.analysis.prevalence.draws import (
    add_groups,
    draw,
    draw_tables,
    squared_counts,
    stands_for,
)
from utils.analysis.prevalence.intervals import Photos
from utils.dataset.labels import PROPERLY_MASKED
from utils.metrics.bootstrap import LEVEL, expansion
from utils.metrics.ratios import wilson
from utils.seed import derive_seed

REPETITIONS = 2000
MOST = 10_000_000
"""Photographs beyond which a plan is none."""

_BEST = PROPERLY_MASKED - 1
_LEAST = 0.02  # a share of 0 or 1 would say that nothing varies


@dataclass(frozen=True)
class Pilot:
    """What a first answer tells of others.

    Attributes
    ----------
    share
        The share properly masked.
    photos, tested
        How many new and test photographs there are.
    per_new, per_test
        Variance of the share, times the new and the test photographs that it came from.
    crowded_new, crowded_test
        Effective photographs (Kish) of each photograph.
    error, place, known
        Of annotated new photographs: variance of the share times annotated ones, from the
        detector's errors; times all new ones, from who is on them; and how much of the first goes
        for each of all that are annotated.
    error_freedom, place_freedom
        Degrees of freedom of both variances for each annotated photograph.
    """

    share: float
    photos: int
    tested: int
    per_new: float
    per_test: float
    crowded_new: float
    crowded_test: float
    error: float
    place: float
    known: float
    error_freedom: float
    place_freedom: float

    def half_width(self, new: int, test: int) -> float:
        """Predict the half-width for so many new and test photographs."""
        parts = np.array([self.per_new * (new - 1) / new**2, self.per_test * (test - 1) / test**2])
        freedom = np.array([self.crowded_new * new, self.crowded_test * test]) - 1
        if freedom.min() <= 0:
            return 1.0
        photos = 1 + parts.sum() ** 2 / (parts**2 / freedom).sum()
        return min(_NORMAL * float(expansion(photos) * np.sqrt(parts.sum())), 1.0)

    def annotated_half_width(self, annotated: int, new: int | None = None) -> float:
        """Predict the half-width with so many of the new photographs annotated.

        Parameters
        ----------
        new
            How many new photographs there are; by default, as many as now.
        """
        new = new or self.photos
        left = max(self.error / annotated - self.known / new, 0.0)
        variance = left + self.place / new
        if variance <= 0:
            return 0.0
        parts = np.array([left, self.place / new])
        each = np.maximum(np.array([self.error_freedom, self.place_freedom]) * annotated, 1)
        freedom = variance**2 / (parts**2 / each).sum()
        number = self.share * (1 - self.share) / variance
        low, high = wilson(np.float64(self.share), np.float64(number), np.float64(freedom))
        return float(high - low) / 2


def pilot(
    tested: np.ndarray,
    seen: np.ndarray,
    seed: int,
    repetitions: int = REPETITIONS,
    groups: np.ndarray | None = None,
) -> Pilot | None:
    """Learn from a first answer how others would be; None where there is none to learn from.

    Parameters
    ----------
    tested, seen
        Shapes (photos, 4, 4) and (photos, 3): confusion counts of the test photographs, and what
        was found on the new ones, both in probabilities or both as labels.
    groups
        Shape (photos,): equal labels for new photographs that are one observation.
    """
    tested, seen = np.asarray(tested, np.float64), np.asarray(seen, np.float64)
    parts = add_groups(seen, groups)
    people = adjusted_counts(tested.sum(axis=0), seen.sum(axis=0))
    share = float(np.clip(shares_of(people)[_BEST], _LEAST, 1 - _LEAST))  # NaN stays NaN
    known = Photos.of(tested, parts)
    if not np.isfinite(share) or min(known.new, known.test) <= 1:
        return None
    rng = np.random.default_rng(derive_seed(seed, "planner"))
    tables = draw_tables(tested, repetitions, rng)
    drawn = draw(tested, parts, tables, rng, squared_counts(seen, groups))
    number, test = len(seen), len(tested)
    spread = {chance: _variance(drawn.people(chance)) for chance in ("new", "test", "detector")}
    often = number * len(parts) / (len(parts) - 1)
    return Pilot(
        share=share,
        photos=number,
        tested=test,
        per_new=spread["new"] * often,
        per_test=spread["test"] * test * test / (test - 1),
        crowded_new=float(known.new) / number,
        crowded_test=float(known.test) / test,
        place=max(spread["new"] - spread["detector"], spread["new"] / 10) * often,
        **_annotations(tested, np.maximum(people, 0), share, number),
    )


def plan(first: Pilot, half_width: float) -> dict[str, Any]:
    """Return what it takes to know the share to within so much, of 0..1.

    Returns
    -------
    ``half_width``; ``now`` (the half-width predicted for what there is); ``both`` ({new, test}: the
    fewest photographs in all); ``new`` and ``test`` (of one kind alone); ``annotated`` (of the new
    photographs that there are). Numbers are totals, those that there are included, and None where
    not even `MOST` would do, or not all of the new photographs.
    """
    if not 0 < half_width < 0.5:
        raise ValueError(f"a half-width of {half_width} is not above 0 and below 0.5")
    new, test = first.photos, first.tested
    parts = np.sqrt([max(first.per_new, 1e-12), max(first.per_test, 1e-12)])
    mixed = parts / parts.sum()  # least photographs in all for a variance

    def both(total: int) -> tuple[int, int]:
        wanted = np.ceil(mixed * total).astype(int)
        return max(int(wanted[0]), new), max(int(wanted[1]), test)

    total = _least(lambda number: first.half_width(*both(number)), half_width, 2)
    pair = dict(zip(("new", "test"), both(total), strict=True)) if total else None
    return {
        "half_width": half_width,
        "now": first.half_width(new, test),
        "both": pair,
        "new": _least(lambda number: first.half_width(number, test), half_width, new),
        "test": _least(lambda number: first.half_width(new, number), half_width, test),
        "annotated": _least(first.annotated_half_width, half_width, 5, new),
    }


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


def _annotations(
    tested: np.ndarray, people: np.ndarray, share: float, number: int
) -> dict[str, float]:
    """Return what annotating would show, from the test photographs (see `Pilot`)."""
    faces, found = tested[:, 1:].sum(axis=2), tested[:, :, 1:].sum(axis=1)
    often = stands_for(faces, people)
    residuals = faces[:, _BEST] - share * faces.sum(axis=1)
    guesses = found[:, _BEST] - share * found.sum(axis=1)
    sizes = found.sum(axis=1) + 1
    left = (often * guesses**2 / sizes).sum()
    power = np.clip((often * residuals * guesses / sizes).sum() / max(left, 1e-12), 0, 1)
    errors = residuals - power * guesses
    total = (often * faces.sum(axis=1)).sum()
    chance = often * sizes / (often * sizes).sum()  # of a photograph to be the next one drawn

    def freedom(terms: np.ndarray) -> float:
        mean, square = (chance * terms).sum(), (chance * terms**2).sum()
        return float(mean**2 / square) if square > 0 else 1.0

    return {
        "error": float((often * sizes).sum() * (often * errors**2 / sizes).sum() / total**2),
        "known": float((often * errors**2).sum() / total**2 * number),
        "error_freedom": freedom((errors / sizes) ** 2),
        "place_freedom": freedom(residuals**2 / sizes),
    }


def _variance(people: np.ndarray) -> float:
    """Return the variance of the share by its middle 95 %: draws beyond may be of any size.

    The share is not confined to 0..1, because it would then seem to be known near the ends.
    """
    total = people.sum(axis=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        shares = np.where(total > 0, people[:, _BEST] / total, np.nan)
    low, high = np.nanquantile(shares, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return float(((high - low) / (2 * _NORMAL)) ** 2)


def _normal() -> float:
    from scipy.stats import norm

    return float(norm.ppf((1 + LEVEL) / 2))


_NORMAL = _normal()
