"""The record of a model that finds faces on photographs: a detector, or one of two stages."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from utils.analysis.evaluation.calibrated import calibration_record
from utils.analysis.evaluation.intervals import (
    add_intervals,
    operating_intervals,
    precision_intervals,
)
from utils.analysis.evaluation.joined import joined_photographs
from utils.analysis.evaluation.mistakes import worst_mistakes
from utils.analysis.evaluation.photographs import counted, look_at, photo_records
from utils.dataset.faces import Faces
from utils.dataset.labels import CLASSES
from utils.errors import InputError
from utils.metrics.average_precision import IOUS, average_precision
from utils.metrics.bootstrap import draws_of
from utils.metrics.confusion import confusion_counts, operating_metrics
from utils.metrics.detections import Detections
from utils.metrics.matching import IOU
from utils.metrics.precision_recall import precision_recall
from utils.metrics.ranking import rank, rankings_record
from utils.seed import derive_seed

if TYPE_CHECKING:
    from utils.detector.inference import Detector

REPETITIONS = 1000
"""Resamples of the photographs, for the intervals of average precision."""


def evaluate_on_photographs(
    detector: "Detector",
    test: Path,
    seed: int,
    validation: Path | None = None,
    split: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """Run a detector over a test shard and return its part of ``evaluation.json``.

    The operating threshold is the model's own, chosen on validation photographs.

    Parameters
    ----------
    test, validation
        Clean shards: photographs with annotations. Those of validation join the test photographs
        where the rate is corrected, and there alone (`joined_photographs`); by default none do.
    seed
        The run's seed, for the bootstrap intervals.
    split
        The record ``split.json``, which `validation` needs.

    Raises
    ------
    InputError
        If the test shard holds no photograph, or one that cannot be read.
    """
    losses = detector.losses(seed) if hasattr(detector, "losses") else None
    seen = look_at(detector, test, losses)
    if not seen.names:
        raise InputError(f"{test}: holds no photograph; there is nothing to evaluate on")
    numbers = seen.names, seen.faces, seen.detections, detector.threshold
    record = score(*numbers, seed)
    looked = zip(record["per_photo"], seen.looks, strict=True)
    record["per_photo"] = [photo | {"looks": told} for photo, told in looked]
    record["calibration"] = calibration_record(seen.detections, seen.faces, detector.calibration)
    worst = worst_mistakes(seen.names, seen.detections, seen.faces, detector.threshold)
    record["mistakes"] = [mistake.as_record() for mistake in worst]
    others: list[dict[str, Any]] = []
    record["validation"] = None
    if validation and split:
        others, record["validation"] = joined_photographs(detector, validation, split)
    record["per_photo"] = [
        one | {"validation": joined}
        for joined, side in ((False, record["per_photo"]), (True, others))
        for one in side
    ]
    return {"loss": losses.means() if losses else {}, **record}


def score(
    names: list[str],
    faces: list[Faces],
    detections: list[Detections],
    threshold: float,
    seed: int,
) -> dict[str, Any]:
    """Return the record's numbers from faces and detections, one entry a photograph.

    Returns
    -------
    ``photos``, ``faces`` ({class: n}), ``iou``, ``threshold``, ``average_precision`` and
    ``operating_point`` (see `average_precision` and `operating_metrics`; each part with its 95 %
    ``intervals``), ``bootstrap`` ({repetitions, seed}), ``confusion`` (4 x 4),
    ``precision_recall`` ({class: {recall, precision}}, 101 points),
    ``counted`` (10th, 50th and 90th percentile of the side in pixels and the confidence of the
    boxes that count), ``rankings`` ({iou, classes}: what average precision is computed from, see
    `rankings_record`) and ``per_photo`` (`photo_records`).
    """
    tables = confusion_counts(detections, faces, threshold)
    total = tables.sum(axis=0)
    labels = np.concatenate([photo.labels for photo in faces])
    point, precision = operating_metrics(total), average_precision(detections, faces)
    rng = np.random.default_rng(derive_seed(seed, "evaluation"))
    weights = draws_of(len(names), REPETITIONS, rng)
    add_intervals(point, operating_intervals(tables))
    rankings = rank(detections, faces, IOUS)
    add_intervals(precision, precision_intervals(rankings, weights))
    return {
        "photos": len(names),
        "faces": {name: int((labels == k).sum()) for k, name in enumerate(CLASSES, start=1)},
        "iou": IOU,
        "threshold": float(threshold),
        "average_precision": precision,
        "operating_point": point,
        "bootstrap": {"repetitions": len(weights), "seed": seed},
        "confusion": total.tolist(),
        "precision_recall": {
            name: {
                "recall": np.linspace(0, 1, 101).round(4).tolist(),
                "precision": curve.envelope().round(5).tolist(),
            }
            for name, curve in precision_recall(detections, faces).items()
        },
        "counted": counted(detections, threshold),
        "rankings": {"iou": IOUS.round(2).tolist(), "classes": rankings_record(rankings)},
        "per_photo": photo_records(names, faces, detections, threshold),
    }
