"""Whether two sets of photographs differ in any feature: a permutation test by groups.

For each feature the two distributions are compared by the largest distance of their cumulative
shares (Smirnov 1939), in which every group of photographs that are as one observation has weight 1.
What chance makes of the largest of these comes from dealing the groups to both sides anew. One test
of the largest alarms as rarely as it says, and tells which features it is, too: each is compared
with the largest of all (Westfall and Young, Resampling-Based Multiple Testing (1993), chapter 2).
Where the groups of both sides come from one place, the level is exact whatever their number.
"""

from dataclasses import dataclass

import numpy as np

from utils.drift.features import Album
from utils.seed import derive_seed

LEVEL = 0.05
"""Share of the sets of photographs like those of the test that are called different."""

REPETITIONS = 999
MOST = 3000
"""Groups of a side that are compared; of more, so many are drawn."""

_AT_ONCE = 10_000_000  # values that are permuted together


@dataclass(frozen=True)
class Feature:
    """One feature of both sides.

    Attributes
    ----------
    distance
        The largest distance of the cumulative shares, 0 to 1; None where a side tells nothing.
    p
        The chance that the largest distance of any feature is so large.
    known, new
        Means of both sides, every group with weight 1.
    deviations
        Their difference in standard deviations of the known photographs.
    """

    name: str
    distance: float | None
    p: float
    known: float | None
    new: float | None
    deviations: float


@dataclass(frozen=True)
class Compared:
    """Two sets of photographs.

    Attributes
    ----------
    p
        The chance of so large a difference where there is none.
    features
        The surest first.
    groups
        How many of both sides were compared.
    """

    p: float
    features: tuple[Feature, ...]
    groups: tuple[int, int]

    @property
    def differ(self) -> bool:
        """Whether they differ beyond chance."""
        return self.p < LEVEL

    def differing(self) -> list[Feature]:
        """Return the features that differ beyond chance."""
        return [one for one in self.features if one.p < LEVEL]


def compare(known: Album, new: Album, seed: int, repetitions: int = REPETITIONS) -> Compared:
    """Compare new photographs with known ones, which have the same features."""
    rng = np.random.default_rng(derive_seed(seed, "drift"))
    sides = [_at_most(one, rng) for one in (known, new)]
    label, group = _labels(sides)
    values = np.concatenate([one.values for one in sides])
    number = len(label)
    dealt = np.empty((repetitions + 1, number), bool)
    dealt[0] = label
    for row in dealt[1:]:
        row[:] = rng.permutation(label)
    told = [_distances(values[:, k], group, dealt) for k in range(values.shape[1])]
    scaled = np.array([one for _, one in told])
    largest = scaled.max(axis=0) if len(scaled) else np.zeros(len(dealt))
    chances = [float((largest >= one[0] - 1e-9).mean()) for one in scaled]
    features = [
        _feature(name, distance, p, sides, k)
        for k, (name, (distance, _), p) in enumerate(zip(known.names, told, chances, strict=True))
    ]
    features.sort(key=lambda one: (one.p, -(one.distance or 0)))
    groups = int((~label).sum()), int(label.sum())
    return Compared(min(chances, default=1.0), tuple(features), groups)


def weights_of(album: Album, feature: int) -> np.ndarray:
    """Return the weight of each photograph in a feature: those of a group add up to 1."""
    there = np.isfinite(album.values[:, feature])
    _, group = np.unique(album.groups, return_inverse=True)
    sizes = np.bincount(group, weights=there)
    return np.where(there, 1 / np.maximum(sizes[group], 1), 0)


def _at_most(album: Album, rng: np.random.Generator) -> Album:
    groups = np.unique(album.groups)
    if len(groups) <= MOST:
        return album
    return album.of(np.isin(album.groups, rng.choice(groups, MOST, replace=False)))


def _labels(sides: list[Album]) -> tuple[np.ndarray, np.ndarray]:
    """Return for each group whether it is new, and the group of each photograph of both sides."""
    (first, known), (second, new) = (np.unique(one.groups, return_inverse=True) for one in sides)
    label = np.repeat([False, True], [len(first), len(second)])
    return label, np.concatenate([known, new + len(first)])


def _distances(
    values: np.ndarray, group: np.ndarray, dealt: np.ndarray
) -> tuple[float | None, np.ndarray]:
    """Return the distance as it is, and in units of its chance for every way to deal the groups."""
    there = np.flatnonzero(np.isfinite(values))
    order = there[np.argsort(values[there], kind="stable")]
    if not len(order):
        return None, np.zeros(len(dealt))
    sizes = np.bincount(group[order], minlength=dealt.shape[1])
    weights = 1 / sizes[group[order]]
    last = np.append(np.diff(values[order]) > 0, True)  # of equal values the last tells
    every = np.cumsum(weights)
    result = np.zeros(len(dealt))
    distance = None
    step = max(1, _AT_ONCE // len(order))
    for first in range(0, len(dealt), step):
        part = dealt[first : first + step]
        new = np.cumsum(part[:, group[order]] * weights, axis=1)
        ours, theirs = new[:, -1:], every[-1] - new[:, -1:]
        with np.errstate(divide="ignore", invalid="ignore"):
            apart = np.abs(new / ours - (every - new) / theirs)[:, last].max(axis=1)
            some = ours[:, 0] * theirs[:, 0] / every[-1]
        apart = np.nan_to_num(apart, posinf=0)
        if first == 0 and ours[0, 0] > 0.5 and theirs[0, 0] > 0.5:
            distance = float(apart[0])
        result[first : first + step] = apart * np.sqrt(np.maximum(some, 0))
    return distance, result


def _feature(name: str, distance: float | None, p: float, sides: list[Album], k: int) -> Feature:
    means, spread = [], 0.0
    for number, one in enumerate(sides):
        weights = weights_of(one, k)
        values = np.nan_to_num(one.values[:, k])
        whole = weights.sum()
        means.append(float(weights @ values / whole) if whole else None)
        if number == 0 and whole:
            spread = float(np.sqrt(weights @ (values - means[0]) ** 2 / whole))
    known, new = means
    apart = new - known if known is not None and new is not None else 0.0
    deviations = apart / spread if spread > 1e-9 else 0.0
    return Feature(name, distance, p, known, new, deviations)
