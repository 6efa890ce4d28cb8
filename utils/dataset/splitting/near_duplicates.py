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
    Fingerprint,
    same_scene,
    same_thumbnail,
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
    parents = list(range(len(fingerprints)))
    for first, second in _alike(fingerprints):
        _union(parents, first, second)
    for first, second in _candidates(fingerprints):
        if _find(parents, first) == _find(parents, second):
            continue  # in one group already, so looking closer changes nothing
        if same_scene(fingerprints[first], fingerprints[second]):
            _union(parents, first, second)
    numbers: dict[int, int] = {}
    groups = [
        numbers.setdefault(_find(parents, index), len(numbers))
        for index in range(len(fingerprints))
    ]
    log.info("%d photographs in %d groups", len(groups), len(numbers))
    return groups


def _alike(fingerprints: Sequence[Fingerprint]) -> Iterator[tuple[int, int]]:
    """Yield the pairs that look alike as a whole."""
    if not fingerprints:
        return
    bits = np.stack([fingerprint.bits for fingerprint in fingerprints]).astype(np.float32) * 2 - 1
    for first in range(len(bits) - 1):
        # With bits of -1 and 1, the product is (equal bits) - (different bits).
        distances = (bits.shape[1] - bits[first + 1 :] @ bits[first]) / 2
        for offset in np.flatnonzero(distances <= MAX_HASH_DISTANCE):
            second = first + 1 + int(offset)
            if same_thumbnail(fingerprints[first], fingerprints[second]):
                yield first, second


def _candidates(fingerprints: Sequence[Fingerprint]) -> Iterator[tuple[int, int]]:
    """Yield pairs that share local features, those with most in common first."""
    counts = [len(fingerprint.points) for fingerprint in fingerprints]
    if not fingerprints:
        return
    descriptors = np.concatenate([fingerprint.descriptors for fingerprint in fingerprints])
    owner = np.repeat(np.arange(len(fingerprints)), counts)
    feature, neighbour = FeatureForest(descriptors).near(descriptors)
    pair = np.sort(np.stack([owner[feature], owner[neighbour]]), axis=0)
    pair = pair[:, pair[0] != pair[1]]
    codes, votes = np.unique(pair[0] * len(fingerprints) + pair[1], return_counts=True)
    for position in np.argsort(-votes, kind="stable"):
        if votes[position] < MIN_VOTES:
            return
        first, second = divmod(int(codes[position]), len(fingerprints))
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


def _find(parents: list[int], index: int) -> int:
    while parents[index] != index:
        parents[index] = index = parents[parents[index]]
    return index


def _union(parents: list[int], first: int, second: int) -> None:
    first, second = _find(parents, first), _find(parents, second)
    parents[max(first, second)] = min(first, second)
