"""Since when photographs are others than before: one change in the order of time.

The ranks of each feature are added up in the order of time; where the sum is farthest from what an
even order gives, they changed. What chance makes of the farthest of all features comes from other
orders of the groups. It needs no test photographs.

Source: Pettitt, Applied Statistics 28 (1979) 126, in standard deviations of every place (Csorgo and
Horvath, Limit Theorems in Change-Point Analysis (1997), chapter 1).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np
from scipy.stats import rankdata

from utils.drift.features import Album
from utils.drift.two_samples import LEVEL, MOST, REPETITIONS
from utils.seed import derive_seed

LEAST = 5
"""Groups before and after a change: fewer are a moment and no change."""


@dataclass(frozen=True)
class Change:
    """A change in the order of time.

    Attributes
    ----------
    time
        When the first photograph after it was taken.
    photograph
        Its number.
    p
        The chance of so large a change where there is none.
    features
        Names of those that changed beyond chance, the largest change first.
    after
        Numbers of the photographs from then on.
    before
        Numbers of those with a time before.
    """

    time: datetime
    photograph: int
    p: float
    features: tuple[str, ...]
    before: np.ndarray
    after: np.ndarray


def find_change(
    album: Album, times: Sequence[datetime | None], seed: int, repetitions: int = REPETITIONS
) -> Change | None:
    """Return the change that is surest; None where there is none beyond chance, or too few times.

    Parameters
    ----------
    times
        When each photograph was taken, as far as known. Others are left out.
    """
    timed = np.array([n for n, time in enumerate(times) if time is not None], int)
    groups = np.unique(album.groups[timed])
    members = {group: timed[album.groups[timed] == group] for group in groups}
    order = sorted(groups, key=lambda group: min(times[n] for n in members[group]))
    if len(order) > MOST:
        order = [order[n] for n in np.linspace(0, len(order) - 1, MOST).astype(int)]
    number = len(order)
    if number < 2 * LEAST:
        return None
    rows = _ranks(np.array([_mean(album.values[members[group]]) for group in order]))
    rng = np.random.default_rng(derive_seed(seed, "change"))
    there = _apart(rows)
    place = LEAST + int(there.max(axis=1).argmax())
    largest = np.array([_apart(rng.permutation(rows)).max() for _ in range(repetitions)])
    largest = np.append(largest, there.max())
    tops = there.max(axis=0)
    chances = [float((largest >= top - 1e-9).mean()) for top in tops]
    if min(chances) >= LEVEL:
        return None
    first = min(members[order[place]], key=lambda n: times[n])
    begun = times[first]
    changed = [k for k in np.argsort(-tops) if chances[k] < LEVEL]
    return Change(
        begun,
        int(first),
        min(chances),
        tuple(album.names[k] for k in changed),
        np.array([n for n in timed if times[n] < begun], int),
        np.array([n for n in timed if times[n] >= begun], int),
    )


def _mean(rows: np.ndarray) -> np.ndarray:
    """Return the mean of each column over the rows that tell; NaN where none does."""
    there = np.isfinite(rows)
    with np.errstate(invalid="ignore"):
        return np.where(there, rows, 0).sum(axis=0) / there.sum(axis=0)


def _ranks(rows: np.ndarray) -> np.ndarray:
    """Return ranks of mean 0 and deviation 1 in each column; 0 of what does not tell."""
    result = np.zeros(rows.shape)
    for k, column in enumerate(rows.T):
        there = np.isfinite(column)
        if there.sum() < 2:
            continue
        ranks = rankdata(column[there])
        spread = ranks.std()
        if spread > 0:
            result[there, k] = (ranks - ranks.mean()) / spread
    return result


def _apart(rows: np.ndarray) -> np.ndarray:
    """Return how far the sums are off at each place from `LEAST` on, in each column."""
    number = len(rows)
    places = np.arange(LEAST, number - LEAST + 1)
    chance = np.sqrt(places * (number - places) / number)
    return np.abs(np.cumsum(rows, axis=0)[places - 1]) / chance[:, None]
