"""How good a detector is on photographs it never saw: ``evaluation.json`` and its text."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from utils.analysis.evaluation import SCHEMA
from utils.analysis.evaluation.carried import carry
from utils.analysis.evaluation.intervals import (
    add_intervals,
    operating_intervals,
    precision_intervals,
)
from utils.analysis.evaluation.joined import joined_photographs
from utils.analysis.evaluation.mistakes import worst_mistakes
from utils.analysis.evaluation.photographs import look_at, photo_records
from utils.analysis.evaluation.remembered import remembered
from utils.analysis.evaluation.text import evaluation_text
from utils.analysis.plots import quality as quality_plots
from utils.analysis.plots.mistakes import draw_mistakes
from utils.dataset.faces import Faces
from utils.dataset.labels import CLASSES
from utils.errors import InputError
from utils.metrics.average_precision import IOUS, average_precision
from utils.metrics.bootstrap import draws_of
from utils.metrics.calibration import Calibration, reliability
from utils.metrics.confusion import confusion_counts, operating_metrics
from utils.metrics.detections import Detections
from utils.metrics.matching import IOU
from utils.metrics.precision_recall import precision_recall
from utils.metrics.ranking import face_sides, rank
from utils.networks.model_file import write_model
from utils.records import read_record, write_atomically, write_record
from utils.seed import derive_seed

if TYPE_CHECKING:
    from utils.detector.inference import Detector

REPETITIONS = 1000
"""Resamples of the photographs, for the intervals of average precision."""

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


def evaluate(
    detector: "Detector",
    test: Path,
    seed: int,
    validation: Path | None = None,
    split: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """Run a detector over a test shard and return the record ``evaluation.json``.

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
    losses = detector.losses(seed)
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
    model = {"arch": detector.arch, "digest": detector.digest, "image_size": detector.image_size}
    return {"model": model, "loss": losses.means(), **record}


def write_evaluation(
    detector: "Detector",
    test: Path,
    seed: int,
    *,
    json: Path,
    text: Path,
    pictures: Sequence[Path] = (),
    validation: Path | None = None,
    split: Path | None = None,
    carrier: Path | None = None,
) -> dict[str, Any]:
    """Evaluate, and write the record, its text and its pictures; return the record.

    Without a split it is looked whether the model has learnt from some of the photographs; the
    record then says of how many (``remembered``).

    Parameters
    ----------
    validation, split
        As `evaluate` takes them, the latter as a file.
    carrier
        The model file to write that carries what was measured
        (`utils.analysis.evaluation.carried`), which needs the split, too.
    pictures
        The stem of each file's name says what is drawn, see `DRAWINGS`.

    Raises
    ------
    InputError
        As `evaluate`; if a picture has another name; or if validation photographs, or the carrier,
        come without a split.
    """
    if (validation or carrier) and not split:
        raise InputError(
            f"{validation or carrier}: near-duplicates among the photographs must be known; "
            "give split.json, too"
        )
    for unknown in (path for path in pictures if path.stem not in DRAWINGS):
        raise InputError(f"{unknown}: no picture of an evaluation; it draws {', '.join(DRAWINGS)}")
    known = read_record(split) if split else None
    record = evaluate(detector, test, seed, validation, known)
    if not known and (seen := remembered(detector, test)):
        record["remembered"] = seen
    write_record(json, record, SCHEMA)
    write_atomically(text, evaluation_text(record).encode())
    for path in pictures:
        DRAWINGS[path.stem](record, test, path)
    if carrier and known:
        write_model(carrier, replace(detector.file, evaluation=carry(record, known)))
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
    boxes that count) and ``per_photo`` (`photo_records`).
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
        "per_photo": photo_records(names, faces, detections, threshold),
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
