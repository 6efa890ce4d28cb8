"""COCO average precision: over all classes, by class, and by the size of a face."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from utils.dataset.faces import Faces
from utils.dataset.labels import CLASSES
from utils.metrics.detections import Detections
from utils.metrics.ranking import Ranking, rank

IOUS = np.linspace(0.5, 0.95, 10)
"""COCO's least overlaps; the first and the sixth are reported on their own."""

SIZES = {"tiny": (0, 16), "small": (16, 32), "medium": (32, 96), "large": (96, float("inf"))}
"""Side of a face in pixels of the photograph (square root of its area), from and below.

COCO's own bins (32 and 96 pixels) with the smallest parted in two: the median face of the data set
has a side of 23 pixels, so they would call two faces of three "small".
"""


def average_precision(
    detections: Sequence[Detections], faces: Sequence[Faces], by_size: bool = True
) -> dict[str, Any]:
    """Return average precision as COCO defines it (Lin et al. 2014), but of all boxes.

    COCO stops at the 100 surest boxes of a photograph; here a crowd of 115 faces can be found.

    Each class ranks the boxes by how likely they are of it, so a face can stand in two rankings, in
    one of them to no avail (see `utils.metrics.ranking.rank`).

    Parameters
    ----------
    detections, faces
        One entry a photograph, in the same order.
    by_size
        Whether to add the entry ``sizes``; without it the call takes about a fifth of the time.

    Returns
    -------
    ``map`` (mean over classes and IoU 0.50:0.05:0.95), ``map_50``, ``map_75``,
    ``classes`` ({name: {map, map_50, faces}}) and ``sizes`` ({name: {from, below, map, map_50,
    faces}}, see `SIZES`). None, never NaN, where there is no face to find; the means are over the
    classes that have faces.

    Raises
    ------
    ValueError
        If the two sequences differ in length.
    """
    rankings = rank(detections, faces, IOUS)
    precision = class_precision(rankings)
    result: dict[str, Any] = {**_headline(precision), "map_75": _plain(mean(precision[:, :, 5:6]))}
    result["classes"] = {
        name: {**_headline(one[None]), "faces": int(ranking.faces.sum())}
        for name, one, ranking in zip(CLASSES, precision, rankings, strict=True)
    }
    if by_size:
        result["sizes"] = {name: _of_size(detections, faces, *SIZES[name]) for name in SIZES}
    return result


def class_precision(rankings: Sequence[Ranking], weights: np.ndarray | None = None) -> np.ndarray:
    """Return average precision of each class, resample and overlap: float64, shape (C, R, T).

    NaN where a class has no face; for `weights` see `Ranking.average_precision`.
    """
    return np.stack([ranking.average_precision(weights) for ranking in rankings])


def mean(precision: np.ndarray) -> np.ndarray:
    """Return the mean over classes with faces and over overlaps: (C, R, T) to (R,), or NaN."""
    valid = np.isfinite(precision)
    number = valid.sum(axis=(0, 2))
    total = np.where(valid, precision, 0).sum(axis=(0, 2))
    return np.where(number > 0, total / np.maximum(number, 1), np.nan)


def _of_size(
    detections: Sequence[Detections], faces: Sequence[Faces], low: float, high: float
) -> dict[str, Any]:
    rankings = rank(detections, faces, IOUS, (low, high))
    return {
        "from": low,
        "below": high if np.isfinite(high) else None,
        **_headline(class_precision(rankings)),
        "faces": sum(int(ranking.faces.sum()) for ranking in rankings),
    }


def _headline(precision: np.ndarray) -> dict[str, float | None]:
    return {"map": _plain(mean(precision)), "map_50": _plain(mean(precision[:, :, :1]))}


def _plain(values: np.ndarray) -> float | None:
    """Return the only entry as a number, None for NaN."""
    return float(values[0]) if np.isfinite(values[0]) else None
