"""Whether few new photographs, or one scene, are far out: a permutation test of their means.

Distributions cannot be compared with those of one scene, which is one observation however long it
is watched. What can be told is whether it is farther out than the photographs of the test are: of
each feature the mean of the new groups is compared with that of all, in standard deviations, and
the farthest feature with what any of as many groups of the test make of it (a permutation test;
of one new group it is a conformal p-value: Vovk, Gammerman and Shafer, Algorithmic Learning in a
Random World (2005), chapter 2). Where the groups of both sides come from one place it alarms as
rarely as it says, however few they are. The mean of many frames of a scene is less far out than
one of its photographs, so that it alarms more rarely then.
"""

import numpy as np

from utils.drift.features import Album
from utils.drift.two_samples import MOST, REPETITIONS, Compared, Feature, weights_of
from utils.seed import derive_seed

FEW = 10
"""New groups from which distributions are compared instead (`utils.drift.two_samples`)."""


def compare_means(known: Album, new: Album, seed: int, repetitions: int = REPETITIONS) -> Compared:
    """Compare few new photographs with known ones, which have the same features."""
    rng = np.random.default_rng(derive_seed(seed, "few"))
    rows = [group_means(one) for one in (known, new)]
    if len(rows[0]) > MOST:
        rows[0] = rows[0][rng.choice(len(rows[0]), MOST, replace=False)]
    few, scaled = len(rows[1]), _scaled(np.concatenate(rows))
    if few == 1:
        far = np.abs(np.nan_to_num(scaled))[::-1]  # each group in turn, the new one first
    else:
        label = np.arange(len(scaled)) >= len(rows[0])
        dealt = np.array([label, *(rng.permutation(label) for _ in range(repetitions))])
        there = np.isfinite(scaled).astype(float)
        far = np.abs(dealt @ np.nan_to_num(scaled)) / np.sqrt(np.maximum(dealt @ there, 1))
    largest = far.max(axis=1)
    features = []
    for k, name in enumerate(known.names):
        p = float((largest >= far[0, k] - 1e-9).mean())
        mean, spread = _moments(rows[0][:, k])
        here, _ = _moments(rows[1][:, k])
        apart = 0.0 if here is None or not spread else (here - mean) / spread
        features.append(Feature(name, None, p, mean, here, apart))
    features.sort(key=lambda one: (one.p, -abs(one.deviations)))
    groups = len(rows[0]), few
    return Compared(min((one.p for one in features), default=1.0), tuple(features), groups)


def group_means(album: Album) -> np.ndarray:
    """Return the mean of each feature over each group, (groups, features); NaN where none tells."""
    groups, group = np.unique(album.groups, return_inverse=True)
    result = np.full((len(groups), len(album.names)), np.nan)
    for k in range(len(album.names)):
        weights = weights_of(album, k)
        there = np.bincount(group, weights) > 0
        sums = np.bincount(group, weights * np.nan_to_num(album.values[:, k]))
        result[there, k] = sums[there]
    return result


def _scaled(values: np.ndarray) -> np.ndarray:
    """Return values less their mean, in their standard deviation, by column; NaN stays."""
    result = np.full(values.shape, np.nan)
    for column, values_of in zip(result.T, values.T, strict=True):
        mean, spread = _moments(values_of)
        there = np.isfinite(values_of)
        column[there] = (values_of[there] - mean) / spread if spread else 0.0
    return result


def _moments(column: np.ndarray) -> tuple[float | None, float]:
    column = column[np.isfinite(column)]
    if not len(column):
        return None, 0.0
    spread = float(column.std())
    return float(column.mean()), spread if spread > 1e-9 else 0.0
