"""What is compared of photographs: one number a feature and photograph."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from utils.analysis.prevalence.box_features import FEATURES as OF_BOXES
from utils.analysis.prevalence.box_features import feature_sums
from utils.dataset.labels import CLASSES
from utils.metrics.detections import Detections

OF_FACES = (*OF_BOXES, "boxes", *CLASSES)
"""What faces tell: their mean `OF_BOXES`, their number, and the share of each class."""

OF_LOOKS = ("brightness", "sharpness")

FEATURES = (*OF_FACES, *OF_LOOKS)


@dataclass(frozen=True)
class Album:
    """Photographs in numbers.

    Attributes
    ----------
    names
        Of the features.
    values
        float64, shape (photographs, features); NaN of a photograph that does not tell, as the mean
        size of no faces.
    groups
        int, shape (photographs,): equal of photographs that are as one observation.
    """

    names: tuple[str, ...]
    values: np.ndarray
    groups: np.ndarray

    def __len__(self) -> int:
        return len(self.values)

    def of(self, chosen: Sequence[int] | np.ndarray) -> "Album":
        """Return some of the photographs."""
        return Album(self.names, self.values[chosen], self.groups[chosen])

    def with_features(self, names: Sequence[str]) -> "Album":
        """Return the photographs with some of the features."""
        places = [self.names.index(name) for name in names]
        return Album(tuple(names), self.values[:, places], self.groups)


def tested(photos: Sequence[Mapping[str, Any]], groups: Sequence[int]) -> Album:
    """Return the photographs of a test, as ``per_photo`` of an evaluation has them.

    Parameters
    ----------
    groups
        Equal for near-duplicates.
    """
    counts = np.array([photo["confusion"] for photo in photos])[:, :, 1:].sum(axis=1)
    sums = np.array([photo["features"] for photo in photos], np.float64).sum(axis=1)
    looks = [photo["looks"] for photo in photos]
    return Album(FEATURES, _values(counts, sums, looks), np.array(groups))


def seen(
    detections: Sequence[Detections],
    threshold: float,
    looks: Sequence[Mapping[str, float]] | None = None,
    groups: Sequence[int] | None = None,
) -> Album:
    """Return photographs by what a model found on them.

    Parameters
    ----------
    threshold
        Confidence from which a face counts: the model's own, by which it was tested.
    looks
        Of each (`utils.dataset.looks`); without them there are the features of faces alone.
    groups
        By default each photograph is one.
    """
    kept = [found.above(threshold) for found in detections]
    counts = np.array(
        [np.bincount(found.labels, minlength=len(CLASSES) + 1)[1:] for found in kept]
    ).reshape(-1, len(CLASSES))
    values = _values(counts, feature_sums(kept, threshold), looks)
    names = FEATURES if looks is not None else OF_FACES
    return Album(names, values, np.arange(len(values)) if groups is None else np.array(groups))


def _values(
    counts: np.ndarray, sums: np.ndarray, looks: Sequence[Mapping[str, float]] | None
) -> np.ndarray:
    number = counts.sum(axis=1, keepdims=True)
    with np.errstate(divide="ignore", invalid="ignore"):
        parts = [sums / number, np.log2(1 + number), counts / number]
    if looks is not None:
        rows = [[look[name] for name in OF_LOOKS] for look in looks]
        parts.append(np.array(rows, np.float64).reshape(-1, len(OF_LOOKS)))
    return np.concatenate(parts, axis=1)
