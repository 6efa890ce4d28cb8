"""Anchors that fit the faces of the training set."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from utils.dataset.faces import Faces
from utils.errors import InputError


@dataclass(frozen=True)
class Anchors:
    """The boxes that every place of a feature map proposes from.

    Attributes
    ----------
    sizes
        Per feature level, from the finest to the coarsest: square roots of the areas, in pixels of
        the image as the network sees it.
    ratios
        Heights divided by widths; every size comes in every ratio.
    """

    sizes: tuple[tuple[float, ...], ...]
    ratios: tuple[float, ...]

    def as_record(self) -> dict[str, Any]:
        """Return lists and numbers only, for JSON and model files."""
        return {"sizes": [list(level) for level in self.sizes], "ratios": list(self.ratios)}

    @classmethod
    def from_record(cls, record: dict[str, Any]) -> "Anchors":
        """Undo `as_record`."""
        return cls(tuple(tuple(level) for level in record["sizes"]), tuple(record["ratios"]))


def fit_anchors(
    faces: Sequence[Faces],
    sizes: Sequence[tuple[int, int]],
    image_size: int,
    levels: int,
    per_level: int = 1,
    ratios: Sequence[float] | None = None,
    shared: bool = False,
) -> Anchors:
    """Spread anchor sizes evenly, in octaves, over the faces of a training set.

    A geometric series from the 2nd to the 98th percentile of face sizes gives every face an anchor
    whose size is off by at most half a step, tiny faces as well as large ones, where quantiles or
    k-means (Redmon and Farhadi 2017) would crowd around the median. The finest level of features
    gets the smallest sizes.

    Parameters
    ----------
    faces, sizes
        Boxes, and (H, W) of the photographs, in pixels of the photographs.
    image_size
        Pixels of the longer side of a photograph as the network sees it.
    levels, per_level
        Feature levels, and sizes on each.
    ratios
        Heights divided by widths; by default the median ratio of the faces alone.
    shared
        Every level gets all the sizes (torchvision's MobileNet detectors do so).

    Raises
    ------
    InputError
        If there are no faces to fit to.
    """
    boxes = np.concatenate(
        [
            face.boxes * (image_size / max(size))
            for face, size in zip(faces, sizes, strict=True)
            if len(face)
        ]
        or [np.zeros((0, 4))]
    )
    if not len(boxes):
        raise InputError("the training shards hold no faces; a detector needs some to learn from")
    width, height = (boxes[:, 2:] - boxes[:, :2]).T
    low, high = np.percentile(np.sqrt(width * height), [2, 98])
    low = max(low, 4.0)
    high = max(high, 4 * low)  # equal faces in training do not mean equal faces for ever
    number = per_level if shared else levels * per_level
    series = np.geomspace(low, high, number).round(1)
    if ratios is None:
        ratios = (round(float(np.median(height / width)), 2),)
    if shared:
        grouped = (tuple(series.tolist()),) * levels
    else:
        grouped = tuple(tuple(level) for level in series.reshape(levels, per_level).tolist())
    return Anchors(grouped, tuple(ratios))
