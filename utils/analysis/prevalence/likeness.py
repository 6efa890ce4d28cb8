"""Whether the new photographs are like the test photographs, as the correction assumes.

The correction holds where the detector treats a face of a class on the new photographs as it did on
the test photographs. Their mix of classes may differ, so boxes must not be compared as they are:
those to be expected are the boxes on the test photographs, each class in the number of people that
the correction found. The mean side and the mean confidence of the boxes are held against that; the
chance of the difference comes from the bootstrap over photographs of both sets.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np

from utils.analysis.prevalence.adjusted_counts import adjusted_counts
from utils.dataset.faces import Faces
from utils.dataset.labels import BACKGROUND, CLASSES
from utils.metrics.bootstrap import effective_photos, interval, resample
from utils.metrics.detections import Detections
from utils.metrics.matching import IOU, match
from utils.metrics.ranking import face_sides
from utils.seed import derive_seed

FEATURES = ("side", "confidence")
"""Of a box: the logarithm to base 2 of its side in pixels, and the logit of its confidence."""

LEVEL = 0.99
MARKED = 0.5
"""Standard deviations of the test boxes by which a difference is worth a warning."""

REPETITIONS = 1000
_SURE = 0.999  # confidences beyond are all alike: their logits would drown the others


def feature_sums(
    detections: Sequence[Detections],
    threshold: float,
    faces: Sequence[Faces] | None = None,
    iou: float = IOU,
) -> np.ndarray:
    """Add up each feature, and its square, over the boxes that count, photo by photo.

    Returns
    -------
    float64, shape (photos, 4), of ``side``, ``confidence`` and their squares; with `faces`, shape
    (photos, 4, 4): the same by the boxes' true class, row 0 for those without a face.
    """
    result = np.zeros((len(detections), len(CLASSES) + 1, 2 * len(FEATURES)))
    for number, found in enumerate(detections):
        kept = found.above(threshold)
        true = np.full(len(kept), BACKGROUND)
        if faces is not None:
            true = match(kept, faces[number], iou, class_aware=False).true_labels(faces[number])
        np.add.at(result[number], true, _features(kept))
    return result if faces is not None else result.sum(axis=1)


def likeness(
    test: np.ndarray,
    test_sums: np.ndarray,
    new: np.ndarray,
    new_sums: np.ndarray,
    seed: int,
    repetitions: int = REPETITIONS,
) -> dict[str, dict[str, Any]]:
    """Compare the boxes on the new photographs with those that the test photographs lead to expect.

    Parameters
    ----------
    test, new
        Shapes (photos, 4, 4) and (photos, 3): as in `utils.analysis.prevalence.estimate`.
    test_sums, new_sums
        Shapes (photos, 4, 4) and (photos, 4): as `feature_sums` gives them.
    seed
        The run's seed.

    Returns
    -------
    {feature: {difference, deviations, unlike}}: new less expected mean, in the feature's unit and
    in standard deviations of the test boxes, and whether that is both more than chance (99 %) and
    `MARKED`. None and False where either set has fewer than two photographs with boxes.
    """
    known = np.concatenate([_flat(test), _flat(test_sums)], axis=1)
    seen = np.concatenate([_flat(new), _flat(new_sums)], axis=1)
    photos = min(effective_photos(np.asarray(new).sum(axis=1)), effective_photos(_boxes(test)))
    rng = np.random.default_rng(derive_seed(seed, "likeness"))
    drawn = _differences(resample(known, repetitions, rng), resample(seen, repetitions, rng))
    difference = _differences(known.sum(axis=0), seen.sum(axis=0))
    spread = _spread(np.asarray(test_sums).sum(axis=(0, 1)), _boxes(test).sum())
    result = {}
    for k, name in enumerate(FEATURES):
        span = interval(drawn[:, k], photos, LEVEL)
        told = span is not None and bool(np.isfinite(difference[k]) and spread[k] > 0)
        deviations = float(difference[k] / spread[k]) if told else None
        result[name] = {
            "difference": float(difference[k]) if told else None,
            "deviations": deviations,
            "unlike": told and not span[0] <= 0 <= span[1] and abs(deviations) >= MARKED,
        }
    return result


def _flat(rows: np.ndarray) -> np.ndarray:
    rows = np.asarray(rows, np.float64)
    return rows.reshape(len(rows), int(np.prod(rows.shape[1:])))


def _boxes(test: np.ndarray) -> np.ndarray:
    return np.asarray(test)[:, :, 1:].sum(axis=(1, 2))


def _features(found: Detections) -> np.ndarray:
    sure = np.clip(np.asarray(found.scores, np.float64), 1 - _SURE, _SURE)
    values = np.stack([np.log2(np.maximum(face_sides(found), 1)), np.log(sure / (1 - sure))], 1)
    return np.concatenate([values, values**2], axis=1)


def _differences(known: np.ndarray, seen: np.ndarray) -> np.ndarray:
    """New less expected means: sums (..., 16 + 16) and (..., 3 + 4) to (..., 2)."""
    side = len(CLASSES) + 1
    table = known[..., : side * side].reshape(*known.shape[:-1], side, side)
    sums = known[..., side * side :].reshape(*table.shape[:-1], -1)[..., : len(FEATURES)]
    found, total = seen[..., : len(CLASSES)], seen[..., len(CLASSES) :][..., : len(FEATURES)]
    people = np.maximum(adjusted_counts(table, found), 0)
    faces = table[..., 1:, :].sum(axis=-1)
    with np.errstate(divide="ignore", invalid="ignore"):
        # so many times does each test face stand for people; what was invented comes with them all
        times = np.where(faces > 0, people / faces, 0)
        every = people.sum(axis=-1) / faces.sum(axis=-1)
        times = np.concatenate([every[..., None], times], axis=-1)[..., None, :]
        expected = (times @ sums)[..., 0, :]
        boxes = (times @ table[..., 1:].sum(axis=-1)[..., None])[..., 0]
        return total / found.sum(axis=-1)[..., None] - expected / boxes


def _spread(sums: np.ndarray, boxes: float) -> np.ndarray:
    """Standard deviation of each feature from its sums and sums of squares."""
    mean, square = np.split(sums / max(boxes, 1), 2)
    return np.sqrt(np.maximum(square - mean**2, 0))
