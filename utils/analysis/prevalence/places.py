"""The share by place, camera or time, and which of them differ.

All are corrected by the same test photographs, whose mistakes are then the same for all: in the
difference of two shares most of their chance cancels. So differences are drawn with *shared* test
photographs, which finds many that two overlapping intervals would hide. Of many differences some
look large by chance; their p-values are adjusted for that (Holm 1979).

Sources: Holm, Scand. J. Stat. 6 (1979) 65; Satterthwaite, Biometrics Bull. 2 (1946) 110.
"""

from itertools import combinations
from typing import Any

import numpy as np
from scipy.special import stdtr, stdtrit

from utils.analysis.prevalence.adjusted_counts import BEST, adjusted_counts, shares_of
from utils.analysis.prevalence.draws import Draws, add_groups, draw, draw_tables, squared_counts
from utils.analysis.prevalence.intervals import Photos, share_interval
from utils.metrics.bootstrap import LEVEL, expanded_percentiles
from utils.seed import derive_seed

REPETITIONS = 2000
MOST = 60
"""Places of which each is compared with each other: beyond, the table says nothing."""


def compare_places(
    tested: np.ndarray,
    seen: np.ndarray,
    places: np.ndarray,
    seed: int,
    repetitions: int = REPETITIONS,
    *,
    groups: np.ndarray | None = None,
    weights: np.ndarray | None = None,
    within: np.ndarray | None = None,
) -> dict[str, Any]:
    """Estimate the share that wears a mask properly at each place, and compare the places.

    Parameters
    ----------
    tested, seen
        Shapes (photos, 4, 4) and (photos, 3): confusion counts of the test photographs, and what
        was found on the new ones, both in probabilities or both as labels.
    places
        Shape (photos,): where or when each new photograph was taken, by any labels.
    seed
        The run's seed.
    groups, weights
        Shape (photos,): as `utils.analysis.prevalence.estimate.estimate_prevalence` has them.
    within
        Shape (photos,): labels, equal on all photographs of a place. Only places of equal ones are
        compared, as sites are within an hour; by default, each place with each other.

    Returns
    -------
    ``places`` ([{place, photos, found, share, interval}], in the order of their labels) and
    ``differences`` ([{places: [one, other], difference, interval, p, adjusted, differ}]): the
    share of the one less that of the other, the chance of as large a difference where there is
    none, the same adjusted for all comparisons, and whether it is below 5 %. Shares are None where
    nobody was found, intervals where one photograph alone would have to tell.

    Raises
    ------
    ValueError
        If there are more than `MOST` places.
    """
    tested, seen = np.asarray(tested, np.float64), np.asarray(seen, np.float64)
    places = np.asarray(places)
    names = np.unique(places)
    if len(names) > MOST:
        raise ValueError(f"{len(names)} places are too many to compare; {MOST} are the most")
    rng = np.random.default_rng(derive_seed(seed, "places"))
    tables = draw_tables(tested, repetitions, rng)
    told = []
    for name in names:
        at = places == name
        bursts = None if groups is None else np.asarray(groups)[at]
        often = np.ones(at.sum()) if weights is None else weights[at] / np.mean(weights[at])
        parts = add_groups(seen[at] * often[:, None], bursts)
        drawn = draw(tested, parts, tables, rng, squared_counts(seen[at], bursts, often))
        told.append((name, int(at.sum()), drawn, Photos.of(tested, parts)))
    return {
        "level": LEVEL,
        "places": [_place(*one) for one in told],
        "differences": adjusted(
            [
                {"places": [str(told[m][0]), str(told[n][0])]}
                | _difference(*told[m][2:], *told[n][2:])
                for m, n in pairs_of(places, within)
            ]
        ),
    }


def pairs_of(places: np.ndarray, within: np.ndarray | None) -> list[tuple[int, int]]:
    """Return the pairs of places to compare, by their number in the order of their labels.

    Parameters
    ----------
    places, within
        Shape (photos,): as `compare_places` has them.
    """
    names, first = np.unique(places, return_index=True)
    parts = np.zeros(len(names)) if within is None else np.asarray(within)[first]
    return [(m, n) for m, n in combinations(range(len(names)), 2) if parts[m] == parts[n]]


def adjusted(differences: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Add ``adjusted`` and ``differ`` to differences, of which each has its ``p`` or None."""
    known = [row for row in differences if row["p"] is not None]
    for row, chance in zip(known, holm(np.array([row["p"] for row in known])), strict=True):
        row |= {"adjusted": float(chance), "differ": bool(chance < 1 - LEVEL)}
    return [{"adjusted": None, "differ": None, **row} for row in differences]


def holm(chances: np.ndarray) -> np.ndarray:
    """Adjust p-values for being many (Holm 1979): shape (n,) to (n,).

    The chance that any of those below 5 % is there by chance alone is below 5 %.
    """
    chances = np.asarray(chances, np.float64)
    order = np.argsort(chances)
    steps = (len(chances) - np.arange(len(chances))) * chances[order]
    adjusted = np.empty_like(chances)
    adjusted[order] = np.minimum(np.maximum.accumulate(steps), 1)
    return adjusted


def _place(name: Any, photos: int, drawn: Draws, known: Photos) -> dict[str, Any]:
    share = _share(adjusted_counts(drawn.table, drawn.found))
    interval = None
    if np.isfinite(share) and min(known.new, known.test) > 1:
        raw = drawn.found[BEST] / drawn.found.sum()
        both, test = (_share(drawn.people(*c)) for c in (("test", "new"), ("test",)))
        interval = [float(end) for end in share_interval(share, raw, both, test, known)]
    return {
        "place": str(name),
        "photos": photos,
        "found": float(drawn.found.sum()),
        "share": float(share) if np.isfinite(share) else None,
        "interval": interval,
    }


def _difference(
    first: Draws, here: Photos, second: Draws, there: Photos
) -> dict[str, float | list[float] | None]:
    """Return the ``difference`` of two shares, its ``interval`` and its ``p``-value."""
    share = [_share(adjusted_counts(one.table, one.found)) for one in (first, second)]
    difference = share[0] - share[1]
    if not np.isfinite(difference):
        return dict.fromkeys(("difference", "interval", "p"))
    if min(here.new, there.new, here.test) <= 1:
        return {"difference": float(difference), "interval": None, "p": None}
    both = _paired(first.people("test", "new"), second.people("test", "new"))
    parts = np.array(
        [
            _paired(first.people("test"), second.people("test")).var(),
            _finite(_share(first.people("new"))).var(),
            _finite(_share(second.people("new"))).var(),
        ]
    )
    freedom = np.array([here.test, here.new, there.new]) - 1
    spread = max(parts.sum(), 1e-12)
    photos = 1 + spread**2 / max((parts**2 / freedom).sum(), 1e-24)
    low, high = expanded_percentiles(both, np.float64(photos))
    # the percentiles know how skewed the draws are; what they leave of the way to 0 is the chance
    half = (difference - low) if difference > 0 else (high - difference)
    scale = max(half, 1e-9) / stdtrit(photos - 1, (1 + LEVEL) / 2)
    chance = 2 * stdtr(photos - 1, -abs(difference) / scale)
    ends = [float(min(low, difference)), float(max(high, difference))]
    return {"difference": float(difference), "interval": ends, "p": float(chance)}


def _share(people: np.ndarray) -> np.ndarray:
    return shares_of(people)[..., BEST]


def _paired(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    return _finite(_share(first) - _share(second))


def _finite(values: np.ndarray) -> np.ndarray:
    return values[np.isfinite(values)]
