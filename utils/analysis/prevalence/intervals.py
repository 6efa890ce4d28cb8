"""Intervals of what was counted on new photographs and corrected by test photographs.

They are percentiles of draws (`utils.analysis.prevalence.draws`), taken further out for few
photographs (Hesterberg 2015), as Student's t with the degrees of freedom of Satterthwaite (1946):
of the two sets, that counts which adds more to the spread, and of a set its effective number of
photographs (Kish 1965), since one crowd is one observation. For the place it is the geometric mean
of that and of the number of photographs with somebody on them: by the effective number alone,
intervals from a dozen photographs hold the truth more often than they say
(``benchmarks/prevalence.py``, small sets). Where no detection was of a class, or every one,
resampling has nothing to go by: the interval for the place reaches the exact bound of Clopper and
Pearson (1934), a photograph with people counting as one observation.

Numbers of people are multiples, so theirs is taken further out on the logarithmic scale.

Sources: Hesterberg, Am. Stat. 69 (2015) 371; Satterthwaite, Biometrics Bull. 2 (1946) 110; Kish,
Survey Sampling (1965); Clopper & Pearson, Biometrika 26 (1934) 404.
"""

from dataclasses import dataclass

import numpy as np

from utils.metrics.bootstrap import LEVEL, effective_photos, expanded_percentiles, expansion

MOST_TIMES = 10
"""An upper end of so many times the people estimated, or more, tells nothing."""

_FEWEST = 1.1  # of one photograph Student's t knows no spread at all


@dataclass(frozen=True)
class Photos:
    """How much the photographs of both sets can tell; arrays where there are several such pairs.

    Attributes
    ----------
    test, new
        Effective numbers of photographs; 1 or less has no spread.
    tests, crowds
        Test photographs, and new photographs, with somebody on them.
    """

    test: np.ndarray
    new: np.ndarray
    tests: np.ndarray
    crowds: np.ndarray

    @classmethod
    def of(cls, test: np.ndarray, new: np.ndarray) -> "Photos":
        """Take them from confusion counts (..., photos, 4, 4) and counts (..., photos, 3)."""
        sets = np.asarray(test)[..., 1:, :].sum(axis=(-1, -2)), np.asarray(new).sum(axis=-1)
        crowds = ((sizes > 0).sum(axis=-1) for sizes in sets)
        return cls(*map(effective_photos, sets), *crowds)

    def behind(self, drawn: np.ndarray, tested: np.ndarray) -> np.ndarray:
        """Return how many photographs the spread of draws rests on, shape (...).

        Parameters
        ----------
        drawn, tested
            Shape (..., repetitions): draws of both sets, and with the test set alone drawn.
        """
        spread = drawn.var(axis=-1)
        of_test = np.where(self.test > 1, np.minimum(tested.var(axis=-1), spread), 0)
        of_test = np.where(self.new > 1, of_test, spread)
        test, new = np.sqrt(self.test * self.tests), np.sqrt(self.new * self.crowds)
        lost = of_test**2 / np.maximum(test - 1, 1e-9)
        lost += (spread - of_test) ** 2 / np.maximum(new - 1, 1e-9)
        return 1 + np.where(lost > 0, spread**2 / np.where(lost > 0, lost, 1), 1)


def share_interval(
    share: np.ndarray, raw: np.ndarray, drawn: np.ndarray, tested: np.ndarray, photos: Photos
) -> tuple[np.ndarray, np.ndarray]:
    """Return the ends of the interval of a share, each of shape (...).

    Parameters
    ----------
    share, raw
        Shape (...): the estimate, and the class's share of the detections' labels, in 0..1.
    drawn, tested
        Shape (..., repetitions): as in `Photos.behind`. A draw that is not finite could be any.
    """
    drawn, tested = _any_for_none(drawn), _any_for_none(tested)
    low, high = expanded_percentiles(drawn, photos.behind(drawn, tested))
    bound = ((1 - LEVEL) / 2) ** (1 / np.maximum(photos.crowds, 1))
    low = np.where(raw >= 1, np.minimum(low, bound), low)
    high = np.where(raw <= 0, np.maximum(high, 1 - bound), high)
    return np.minimum(low, share), np.maximum(high, share)


def share_here(
    share: np.ndarray, drawn: np.ndarray, photos: Photos
) -> tuple[np.ndarray, np.ndarray]:
    """Return the interval of a share of the people on these very photographs, each end (...).

    Parameters
    ----------
    share
        Shape (...): the estimate, in 0..1.
    drawn
        Shape (..., repetitions): draws of test photographs and detector. What either may do is
        known from the test photographs.
    """
    low, high = expanded_percentiles(_any_for_none(drawn), np.maximum(photos.test, _FEWEST))
    return np.minimum(low, share), np.maximum(high, share)


def count_interval(
    count: np.ndarray, drawn: np.ndarray, with_crowds: np.ndarray, photos: Photos
) -> tuple[np.ndarray, np.ndarray]:
    """Return the interval of a number of people on these very photographs, each end (...).

    The distances of the percentiles from the median of the draws are stretched on the logarithmic
    scale, and reckoned from the estimate: what the priors of the draws add to all of them would
    else be taken for people. Crowds that may be missed are people: the percentiles are those of
    draws with them, the median of those without. A draw that is not above 0 has no solution: of
    some tables close to it, any number of people would have been found so, and it stands for
    infinitely many.

    Parameters
    ----------
    count
        Shape (...): the estimate. NaN ends where it is not above 0.
    drawn, with_crowds
        Shape (..., repetitions): as `utils.analysis.prevalence.draws.Draws.numbers` returns them.

    Returns
    -------
    The upper end is infinite where no useful one can be told: beyond `MOST_TIMES` the estimate.
    """
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        logs, all_of_them = (
            np.where(np.isfinite(one) & (one > 0), np.log(one), np.inf)
            for one in (drawn, with_crowds)
        )
        middle = np.where(count > 0, np.log(count), np.nan)
        tail = (1 - LEVEL) / 2
        low, high = np.quantile(all_of_them, [tail, 1 - tail], axis=-1, method="nearest")
        centre = np.quantile(logs, 0.5, axis=-1, method="nearest")
        centre = np.where(np.isfinite(centre), centre, middle)
        stretch = expansion(np.maximum(photos.test, _FEWEST))
        ends = (count * np.exp(stretch * (end - centre)) for end in (low, high))
        low, high = (np.where(np.isnan(middle), np.nan, end) for end in ends)
        low, high = np.minimum(low, count), np.maximum(high, count)
        return low, np.where(high > MOST_TIMES * count, np.inf, high)


def _any_for_none(drawn: np.ndarray) -> np.ndarray:
    """Let draws of a share that have no solution be any share."""
    return np.where(
        np.isfinite(drawn), drawn, np.linspace(0, 1, drawn.shape[-1], dtype=drawn.dtype)
    )
