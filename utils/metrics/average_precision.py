"""COCO average precision: over all classes, by class, and by the size of a face."""

import contextlib
import io
from collections.abc import Sequence
from typing import Any

import numpy as np

from utils.dataset.faces import Faces
from utils.dataset.labels import CLASSES
from utils.metrics.detections import Detections

SIZES = {"tiny": (0, 16), "small": (16, 32), "medium": (32, 64), "large": (64, 100_000)}
"""Side of a face in pixels of the photograph (square root of its area), from and below.

COCO's own bins (32 and 96 pixels) would call two faces of three "small": the median face of the
data set has a side of 23 pixels. These bins hold 25, 39, 22 and 13 per cent of its faces.
"""

MAX_DETECTIONS = 500
"""Detections a photograph and class that count; COCO's 100 is too few for a crowd of 115."""


def average_precision(
    detections: Sequence[Detections], faces: Sequence[Faces], by_size: bool = True
) -> dict[str, Any]:
    """Return average precision as COCO defines it (Lin et al. 2014), by pycocotools.

    Parameters
    ----------
    detections, faces
        One entry a photograph, in the same order.
    by_size
        Whether to add the entry ``sizes``; without it the call takes about a third of the time.

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
    if len(detections) != len(faces):
        raise ValueError(f"{len(detections)} detections for {len(faces)} photographs")
    bins = {"all": (0, 100_000)} | (SIZES if by_size else {})
    precision = _precision(detections, faces, list(bins.values()))
    labels = np.concatenate([f.labels for f in faces] or [np.zeros(0, np.int64)])
    result = _means(precision[..., 0])
    result["map_75"] = _mean(precision[5, :, :, 0])
    result["classes"] = {
        name: {**_means(precision[:, :, k : k + 1, 0]), "faces": int((labels == k + 1).sum())}
        for k, name in enumerate(CLASSES)
    }
    if by_size:
        sides = np.concatenate([face_sides(f) for f in faces] or [np.zeros(0)])
        result["sizes"] = {
            name: {
                "from": low,
                "below": high if name != "large" else None,
                **_means(precision[..., number]),
                "faces": int(((sides >= low) & (sides < high)).sum()),
            }
            for number, (name, (low, high)) in enumerate(SIZES.items(), start=1)
        }
    return result


def face_sides(faces: Faces) -> np.ndarray:
    """Return the side of each face in pixels: the square root of its box's area, shape (N,)."""
    sides = np.asarray(faces.boxes, np.float64)[:, 2:] - np.asarray(faces.boxes, np.float64)[:, :2]
    return np.sqrt(sides.prod(axis=1))


def _means(precision: np.ndarray) -> dict[str, float | None]:
    return {"map": _mean(precision), "map_50": _mean(precision[0])}


def _mean(precision: np.ndarray) -> float | None:
    """Mean of the valid entries; pycocotools marks those without faces by -1."""
    valid = precision[precision > -1]
    return float(valid.mean()) if valid.size else None


def _precision(
    detections: Sequence[Detections], faces: Sequence[Faces], bins: list[tuple[int, int]]
) -> np.ndarray:
    """Return pycocotools' precision: (10 IoU thresholds, 101 recalls, classes, bins)."""
    if not sum(map(len, faces)):
        return np.full((10, 101, len(CLASSES), len(bins)), -1.0)
    from pycocotools.coco import COCO
    from pycocotools.cocoeval import COCOeval

    with contextlib.redirect_stdout(io.StringIO()):  # pycocotools prints its progress
        truth = _coco(COCO(), faces)
        found = _coco(COCO(), detections)
        evaluation = COCOeval(truth, found, "bbox")
        # half-open bins: COCO's are closed at both ends
        evaluation.params.areaRng = [[low**2, np.nextafter(high**2, 0)] for low, high in bins]
        evaluation.params.areaRngLbl = [str(number) for number in range(len(bins))]
        evaluation.params.maxDets = [MAX_DETECTIONS]
        evaluation.evaluate()
        evaluation.accumulate()
    return evaluation.eval["precision"][..., 0]


def _coco(coco: Any, photos: Sequence[Faces] | Sequence[Detections]) -> Any:
    """Fill a pycocotools data set with the boxes of all photographs."""
    annotations = []
    for number, photo in enumerate(photos):
        scores = getattr(photo, "scores", np.ones(len(photo)))
        boxes = np.asarray(photo.boxes, np.float64).tolist()
        for (x1, y1, x2, y2), label, score in zip(boxes, photo.labels, scores, strict=True):
            annotations.append(
                {
                    "id": len(annotations) + 1,
                    "image_id": number,
                    "category_id": int(label),
                    "bbox": [x1, y1, x2 - x1, y2 - y1],
                    "area": (x2 - x1) * (y2 - y1),
                    "score": float(score),
                    "iscrowd": 0,
                }
            )
    coco.dataset = {
        "images": [{"id": number} for number in range(len(photos))],
        "categories": [{"id": k} for k in range(1, len(CLASSES) + 1)],
        "annotations": annotations,
    }
    coco.createIndex()
    return coco
