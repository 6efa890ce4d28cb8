"""Near-duplicate photographs in groups: re-uploads, crops, bursts, the same scene again.

A detector that has seen one photograph of a group has nearly seen the others, so a group must lie
on one side of a split.
"""

import logging
from collections.abc import Iterator, Sequence

import cv2
import numpy as np

from utils.dataset.splitting.fingerprints import (
    MAX_HASH_DISTANCE,
    MIN_THUMBNAIL_CORRELATION,
    Fingerprint,
    same_scene,
)

log = logging.getLogger(__name__)

MIN_VOTES = 4
"""Features of two photographs that find each other before the two are compared closely."""

_NEIGHBOURS = 10
_FOREST = {"algorithm": 1, "trees": 4}
_CHECKS = 32  # leaves of the search trees that are looked at
_RATIO = 0.8  # of the distance to the last neighbour, which stands for chance


def find_groups(fingerprints: Sequence[Fingerprint]) -> list[int]:
    """Group near-duplicates, transitively.

    Candidate pairs come from the hashes and from a search among all local features, so that time
    grows with n log n, hashes aside; each is then verified.

    Returns
    -------
    list[int]
        For each fingerprint the number of its group; groups are numbered 0, 1, ... as they appear.
    """
    if not fingerprints:
        return []
    # In one pass, because a sequence may read each from a file.
    parts = [(one.bits, one.thumbnail, one.descriptors) for one in fingerprints]
    bits, thumbnails, descriptors = zip(*parts, strict=True)
    groups = np.arange(len(parts))
    for first, second in _alike(np.stack(bits), np.stack(thumbnails), groups):
        groups[groups == groups[second]] = groups[first]
    for first, second in _candidates(descriptors):
        if groups[first] == groups[second]:
            continue  # so looking closer changes nothing
        if same_scene(fingerprints[first], fingerprints[second]):
            groups[groups == groups[second]] = groups[first]
    numbers: dict[int, int] = {}
    result = [numbers.setdefault(group, len(numbers)) for group in groups.tolist()]
    log.info("%d photographs in %d groups", len(result), len(numbers))
    return result


def _alike(
    bits: np.ndarray, thumbnails: np.ndarray, groups: np.ndarray
) -> Iterator[tuple[int, int]]:
    """Yield the pairs that look alike as a whole and are not in one group by then."""
    signs = bits.astype(np.float32) * 2 - 1
    for first in range(len(bits) - 1):
        # With bits of -1 and 1, the product is (equal bits) - (different bits).
        distances = (bits.shape[1] - signs[first + 1 :] @ signs[first]) / 2
        apart = groups[first + 1 :] != groups[first]
        near = first + 1 + np.flatnonzero(apart & (distances <= MAX_HASH_DISTANCE))
        alike = thumbnails[near] @ thumbnails[first] >= MIN_THUMBNAIL_CORRELATION
        for second in near[alike]:
            yield first, int(second)


def _candidates(descriptors: Sequence[np.ndarray]) -> Iterator[tuple[int, int]]:
    """Yield pairs that share local features, those with most in common first."""
    owner = np.repeat(np.arange(len(descriptors)), [len(some) for some in descriptors])
    features = np.concatenate(descriptors)
    feature, neighbour = FeatureForest(features).near(features)
    pair = np.sort(np.stack([owner[feature], owner[neighbour]]), axis=0)
    pair = pair[:, pair[0] != pair[1]]
    codes, votes = np.unique(pair[0] * len(descriptors) + pair[1], return_counts=True)
    for position in np.argsort(-votes, kind="stable"):
        if votes[position] < MIN_VOTES:
            return
        first, second = divmod(int(codes[position]), len(descriptors))
        yield first, second


class FeatureForest:
    """A search among local features (k-d forest: Muja and Lowe 2009).

    Parameters
    ----------
    descriptors
        float32, shape (N, 128), of many photographs.
    """

    def __init__(self, descriptors: np.ndarray) -> None:
        cv2.setRNGSeed(0)  # the forest draws from it
        self._descriptors = descriptors  # the index copies none
        enough = len(descriptors) > _NEIGHBOURS
        self._index = cv2.flann.Index(descriptors, _FOREST) if enough else None

    def near(self, descriptors: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return pairs of like features: int64, shape (P,) twice.

        The first are rows of `descriptors`, shape (M, 128), the second rows of those searched. Two
        features are alike if they are clearly nearer than what chance brings together.
        """
        if self._index is None or not len(descriptors):
            return np.zeros(0, np.int64), np.zeros(0, np.int64)
        found, distances = self._index.knnSearch(
            descriptors, _NEIGHBOURS, params={"checks": _CHECKS}
        )
        row, rank = np.nonzero(distances < _RATIO**2 * distances[:, -1:])
        return row, found[row, rank].astype(np.int64)
