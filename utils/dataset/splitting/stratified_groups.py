"""Groups of photographs to the sides of a split, every class in proportion."""

from collections.abc import Sequence

import numpy as np

LARGE = 0.2
"""A group that would fill more than this share of a side goes to the largest side."""

_RESTARTS = 8
_PASSES = 30
_PRESENCE = 10.0  # what a side without a class costs: more than any deviation of shares


def assign_groups(
    groups: Sequence[int],
    faces: np.ndarray,
    fractions: Sequence[float],
    seed: int,
    fixed: np.ndarray | None = None,
) -> np.ndarray:
    """Choose a side for each photograph so that groups stay whole and shares come near.

    Groups are dealt out, those with the rarest class first, to the side that lacks most (iterative
    stratification: Sechidis, Tsoumakas and Vlahavas 2011); then single groups move as long as that
    brings the shares nearer. Compared are each side's shares of the photographs, of the faces of
    each class, and of the photographs that hold each class. The best of several such attempts is
    taken. scikit-learn's ``StratifiedGroupKFold`` knows one label a photograph and equal folds.

    Parameters
    ----------
    groups
        The group of each of the N photographs.
    faces
        int, shape (N, K): faces of each class on each photograph.
    fractions
        Share of the photographs of each of the S sides; they add up to 1.
    seed
        Chooses among splits that are about equally good.
    fixed
        int, shape (N,): the side that a photograph's group must go to, below 0 for any.

    Returns
    -------
    np.ndarray
        int, shape (N,): the side of each photograph, 0 to S - 1.

    Raises
    ------
    ValueError
        If there are fewer groups than sides.
    """
    names, members = np.unique(groups, return_inverse=True)
    if len(names) < len(fractions):
        raise ValueError(f"{len(names)} groups cannot fill {len(fractions)} sides")
    per_photo = np.concatenate([np.ones((len(faces), 1)), faces, faces > 0], axis=1)
    amounts = np.zeros((len(names), per_photo.shape[1]))
    np.add.at(amounts, members, per_photo)
    allowed = _allowed(amounts[:, 0], np.asarray(fractions, float))
    if fixed is not None:
        bound = np.flatnonzero(fixed >= 0)
        allowed[members[bound]] = np.arange(len(fractions)) == fixed[bound, None]
    totals = amounts.sum(axis=0)
    shares = amounts[:, totals > 0] / totals[totals > 0]
    rng = np.random.default_rng(seed)
    attempts = [_attempt(shares, allowed, fractions, rng) for _ in range(_RESTARTS)]
    best = min(attempts, key=lambda sides: _cost(_sums(shares, sides, len(fractions)), fractions))
    return best[members]


def _allowed(sizes: np.ndarray, fractions: np.ndarray) -> np.ndarray:
    """Return bool (groups, sides): where a group would not outweigh all others there.

    A side of mostly one scene measures how well that scene is known. Twins may go anywhere.
    """
    limits = np.maximum(2, LARGE * fractions * sizes.sum())
    allowed = sizes[:, None] <= limits
    allowed[:, fractions.argmax()] = True
    return allowed


def _attempt(
    shares: np.ndarray, allowed: np.ndarray, fractions: Sequence[float], rng: np.random.Generator
) -> np.ndarray:
    count = len(fractions)
    sides = np.zeros(len(shares), int)
    sums = np.zeros((count, shares.shape[1]))
    # A group's largest share of anything is large if it is big or holds much of a rare class.
    order = np.lexsort((rng.random(len(shares)), -shares.max(axis=1)))
    for group in order:
        costs = [_lack(sums[side], shares[group], fractions[side]) for side in range(count)]
        costs = np.where(allowed[group], costs, np.inf)
        sides[group] = costs.argmin()
        sums[sides[group]] += shares[group]
    for _ in range(_PASSES):
        moved = False
        for group in rng.permutation(len(shares)):
            moved |= _improve(group, shares, sides, sums, allowed, fractions)
        if not moved:
            break
    return sides


def _lack(sums: np.ndarray, share: np.ndarray, fraction: float) -> float:
    """Return how full the side is of what the group brings; the emptiest comes first."""
    return float((share * (sums + share / 2)).sum() / fraction)


def _improve(
    group: int,
    shares: np.ndarray,
    sides: np.ndarray,
    sums: np.ndarray,
    allowed: np.ndarray,
    fractions: Sequence[float],
) -> bool:
    """Move one group to the side where it brings the shares nearest; return whether it moved."""
    home = sides[group]
    sums[home] -= shares[group]
    costs = np.full(len(fractions), np.inf)
    for side in np.flatnonzero(allowed[group]):
        sums[side] += shares[group]
        costs[side] = _cost(sums, fractions)
        sums[side] -= shares[group]
    best = int(costs.argmin())
    if costs[best] >= costs[home] - 1e-12:
        best = home
    sides[group] = best
    sums[best] += shares[group]
    return best != home


def _cost(sums: np.ndarray, fractions: Sequence[float]) -> float:
    """Return the squared deviation of the shares, each relative to what its side should get."""
    target = np.asarray(fractions, float)[:, None]
    # Differences of sums leave rounding behind, so that "none" is not exactly zero.
    return float((((sums - target) ** 2) / target).sum() + _PRESENCE * (sums < 1e-9).sum())


def _sums(shares: np.ndarray, sides: np.ndarray, count: int) -> np.ndarray:
    return np.stack([shares[sides == side].sum(axis=0) for side in range(count)])
