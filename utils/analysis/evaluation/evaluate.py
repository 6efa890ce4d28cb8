"""How good a detector is on photographs it never saw: ``evaluation.json`` and its text."""

import logging
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from utils.analysis.evaluation.carried import carry
from utils.analysis.evaluation.intervals import (
    add_intervals,
    operating_intervals,
    precision_intervals,
)
from utils.analysis.evaluation.mistakes import worst_mistakes
from utils.analysis.evaluation.text import evaluation_text
from utils.analysis.plots import quality as quality_plots
from utils.analysis.plots.mistakes import draw_mistakes
from utils.analysis.prevalence.box_features import feature_sums
from utils.analysis.prevalence.counting import expected_confusion
from utils.dataset.faces import Faces
from utils.dataset.labels import CLASSES
from utils.dataset.looks import looks
from utils.dataset.shards import read_shard
from utils.detector.model_file import write_model
from utils.errors import InputError
from utils.metrics.average_precision import IOUS, average_precision
from utils.metrics.bootstrap import draws_of
from utils.metrics.calibration import Calibration, reliability
from utils.metrics.confusion import confusion_counts, operating_metrics
from utils.metrics.detections import Detections
from utils.metrics.matching import IOU
from utils.metrics.precision_recall import precision_recall
from utils.metrics.ranking import face_sides, rank
from utils.records import read_record, write_atomically, write_record
from utils.seed import derive_seed

if TYPE_CHECKING:
    from utils.detector.inference import Detector

SCHEMA = 2
"""Of ``evaluation.json``."""

REPETITIONS = 1000
"""Resamples of the photographs, for the intervals of average precision."""

EVERY = 50
"""Photographs between two lines in the log."""

DRAWINGS: dict[str, Callable[[dict[str, Any], Path, Path], None]] = {
    "confusion_matrix": lambda record, test, output: quality_plots.confusion_matrix(
        np.array(record["confusion"]), record["threshold"], output
    ),
    "precision_recall": lambda record, test, output: quality_plots.precision_recall(record, output),
    "calibration": lambda record, test, output: quality_plots.calibration(
        record["calibration"], record["threshold"], output
    ),
    "mistakes": lambda record, test, output: draw_mistakes(record["mistakes"], test, output),
}
"""What draws each picture, by its name: called with the record, the test shard and the file."""

log = logging.getLogger(__name__)


def evaluate(detector: "Detector", test: Path, seed: int) -> dict[str, Any]:
    """Run a detector over a test shard and return the record ``evaluation.json``.

    The operating threshold is the model's own, chosen on validation photographs.

    Parameters
    ----------
    test
        A clean shard: photographs with annotations.
    seed
        The run's seed, for the bootstrap intervals.

    Raises
    ------
    InputError
        If the shard holds no photograph, or one that cannot be read.
    """
    names: list[str] = []
    faces: list[Faces] = []
    seen: list[dict[str, float]] = []

    def images() -> Iterator[np.ndarray]:
        for photo in read_shard(test):
            image = photo.decode()
            height, width = image.shape[:2]
            names.append(photo.name)
            seen.append(looks(image))
            faces.append(photo.read_annotation(width, height).faces)
            yield image
            if len(names) % EVERY == 0:
                log.info("%d photographs", len(names))

    detections = list(detector.stream(images()))
    if not names:
        raise InputError(f"{test}: holds no photograph; there is nothing to evaluate on")
    record = score(names, faces, detections, detector.threshold, seed)
    for photo, told in zip(record["per_photo"], seen, strict=True):
        photo["looks"] = told
    record["calibration"] = calibration_record(detections, faces, detector.calibration)
    worst = worst_mistakes(names, detections, faces, detector.threshold)
    record["mistakes"] = [mistake.as_record() for mistake in worst]
    model = {"arch": detector.arch, "digest": detector.digest, "image_size": detector.image_size}
    return {"model": model, **record}


def write_evaluation(
    detector: "Detector",
    test: Path,
    seed: int,
    *,
    json: Path,
    text: Path,
    pictures: Sequence[Path] = (),
    split: Path | None = None,
    carrier: Path | None = None,
) -> dict[str, Any]:
    """Evaluate, and write the record, its text and its pictures; return the record.

    Parameters
    ----------
    split, carrier
        The record ``split.json``, and the model file to write that carries what was measured
        (`utils.analysis.evaluation.carried`).
    pictures
        The stem of each file's name says what is drawn, see `DRAWINGS`.

    Raises
    ------
    InputError
        As `evaluate`; and if a picture has another name, or the carrier no split.
    """
    if carrier and not split:
        raise InputError(
            f"{carrier}: a model carries its evaluation with the groups of the test photographs; "
            "give split.json, too"
        )
    for unknown in (path for path in pictures if path.stem not in DRAWINGS):
        raise InputError(f"{unknown}: no picture of an evaluation; it draws {', '.join(DRAWINGS)}")
    record = evaluate(detector, test, seed)
    write_record(json, record, SCHEMA)
    write_atomically(text, evaluation_text(record).encode())
    for path in pictures:
        DRAWINGS[path.stem](record, test, path)
    if carrier and split:
        write_model(carrier, replace(detector.file, evaluation=carry(record, read_record(split))))
    return record


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
    boxes that count) and ``per_photo`` ([{name, confusion, expected, features}]; the last two for
    the rate, see `expected_confusion` and `utils.analysis.prevalence.box_features.feature_sums`).
    """
    tables = confusion_counts(detections, faces, threshold)
    total = tables.sum(axis=0)
    labels = np.concatenate([photo.labels for photo in faces])
    point, precision = operating_metrics(total), average_precision(detections, faces)
    rng = np.random.default_rng(derive_seed(seed, "evaluation"))
    weights = draws_of(len(names), REPETITIONS, rng)
    add_intervals(point, operating_intervals(tables))
    add_intervals(precision, precision_intervals(rank(detections, faces, IOUS), weights))
    kept = [found.above(threshold) for found in detections]
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
        "counted": {
            "side": spread([face_sides(found) for found in kept]),
            "confidence": spread([found.scores for found in kept]),
        },
        "per_photo": [
            {
                "name": name,
                "confusion": table.tolist(),
                "expected": expected.round(6).tolist(),
                "features": features.round(6).tolist(),
            }
            for name, table, expected, features in zip(
                *(names, tables, expected_confusion(detections, faces, threshold)),
                feature_sums(detections, threshold, faces),
                strict=True,
            )
        ],
    }


def calibration_record(
    detections: list[Detections], faces: list[Faces], calibration: Calibration
) -> dict[str, Any]:
    """Return ``temperature`` and ``background``, and `reliability` ``before`` and ``after`` them.

    Parameters
    ----------
    detections
        As the detector returns them, calibrated.
    """
    raw = [calibration.inverse().apply(found) for found in detections]
    return {
        **asdict(calibration),
        "before": reliability(raw, faces),
        "after": reliability(detections, faces),
    }


def spread(values: list[np.ndarray]) -> list[float] | None:
    """Return the 10th, 50th and 90th percentile of arrays taken together; None if all are empty."""
    together = np.concatenate(values) if values else np.zeros(0)
    return np.quantile(together, [0.1, 0.5, 0.9]).tolist() if together.size else None
