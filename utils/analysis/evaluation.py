"""How good a detector is on photographs it never saw: ``evaluation.json`` and its text."""

import logging
import time
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from utils.analysis import quality_plots
from utils.analysis.bootstrap import interval, ratio, resample
from utils.analysis.evaluation_text import evaluation_text
from utils.dataset.faces import Faces
from utils.dataset.labels import CLASSES
from utils.dataset.shards import Photo, read_shard
from utils.errors import InputError
from utils.metrics.average_precision import average_precision, face_sides
from utils.metrics.confusion import confusion_counts, operating_metrics
from utils.metrics.detections import Detections
from utils.metrics.matching import IOU
from utils.metrics.precision_recall import precision_recall
from utils.records import write_atomically, write_record
from utils.seed import derive_seed

if TYPE_CHECKING:
    from utils.detector.inference import Detector

BATCH = 8
REPETITIONS = 2000

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
    names, faces, detections, seconds = [], [], [], 0.0
    for batch in batched(read_shard(test), BATCH):
        images = [photo.decode() for photo in batch]
        for photo, image in zip(batch, images, strict=True):
            height, width = image.shape[:2]
            names.append(photo.name)
            faces.append(photo.read_annotation(width, height).faces)
        start = time.perf_counter()
        detections += detector.predict(images)
        seconds += time.perf_counter() - start
        log.info("%d photographs", len(names))
    if not names:
        raise InputError(f"{test}: holds no photograph; there is nothing to evaluate on")
    record = score(names, faces, detections, detector.threshold, seed)
    model = {"arch": detector.arch, "digest": detector.digest, "image_size": detector.image_size}
    return {"model": model, **record, "seconds_per_photo": seconds / len(names)}


def write_evaluation(
    detector: "Detector",
    test: Path,
    seed: int,
    *,
    json: Path,
    text: Path,
    confusion_picture: Path,
    precision_recall_picture: Path,
) -> dict[str, Any]:
    """Evaluate, and write the record, its text and its pictures; return the record."""
    record = evaluate(detector, test, seed)
    write_record(json, record)
    write_atomically(text, evaluation_text(record).encode())
    quality_plots.confusion_matrix(
        np.array(record["confusion"]), record["threshold"], confusion_picture
    )
    quality_plots.precision_recall(record, precision_recall_picture)
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
    ``photos``, ``faces`` ({class: n}), ``iou``, ``threshold``, ``average_precision`` (see there),
    ``operating_point`` (see `operating_metrics`; ``overall`` and ``any_class`` with ``intervals``),
    ``confusion`` (4 x 4), ``precision_recall`` ({class: {recall, precision}}, 101 points),
    ``counted`` (10th, 50th and 90th percentile of the side in pixels and the confidence of the
    boxes that count) and ``per_photo`` ([{name, confusion}]).
    """
    tables = confusion_counts(detections, faces, threshold)
    total = tables.sum(axis=0)
    labels = np.concatenate([photo.labels for photo in faces])
    point = operating_metrics(total)
    for name, values in _intervals(tables, seed).items():
        point[name]["intervals"] = values
    kept = [found.above(threshold) for found in detections]
    return {
        "photos": len(names),
        "faces": {name: int((labels == k).sum()) for k, name in enumerate(CLASSES, start=1)},
        "iou": IOU,
        "threshold": float(threshold),
        "average_precision": average_precision(detections, faces),
        "operating_point": point,
        "confusion": total.tolist(),
        "precision_recall": {
            name: {
                "recall": np.linspace(0, 1, 101).round(4).tolist(),
                "precision": curve.envelope().round(5).tolist(),
            }
            for name, curve in precision_recall(detections, faces).items()
        },
        "counted": {
            "side": spread([face_sides(Faces(found.boxes, found.labels)) for found in kept]),
            "confidence": spread([found.scores for found in kept]),
        },
        "per_photo": [
            {"name": name, "confusion": table.tolist()}
            for name, table in zip(names, tables, strict=True)
        ],
    }


def spread(values: list[np.ndarray]) -> list[float] | None:
    """Return the 10th, 50th and 90th percentile of arrays taken together; None if all are empty."""
    together = np.concatenate(values) if values else np.zeros(0)
    return np.quantile(together, [0.1, 0.5, 0.9]).tolist() if together.size else None


def batched(photos: Iterable[Photo], size: int) -> Iterator[list[Photo]]:
    """Yield photographs in lists of `size`; the last may be shorter."""
    iterator = iter(photos)
    while batch := list(islice(iterator, size)):
        yield batch


def _intervals(tables: np.ndarray, seed: int) -> dict[str, dict[str, list[float] | None]]:
    """Bootstrap precision, recall and F1 over photographs."""
    rng = np.random.default_rng(derive_seed(seed, "evaluation"))
    side = tables.shape[1]
    drawn = resample(tables.reshape(len(tables), -1), REPETITIONS, rng).reshape(-1, side, side)
    faces, found = drawn[:, 1:].sum(axis=(1, 2)), drawn[:, :, 1:].sum(axis=(1, 2))
    hits = {
        "overall": np.trace(drawn[:, 1:, 1:], axis1=1, axis2=2),
        "any_class": drawn[:, 1:, 1:].sum(axis=(1, 2)),
    }
    return {
        name: {
            "precision": interval(ratio(right, found), len(tables)),
            "recall": interval(ratio(right, faces), len(tables)),
            "f1": interval(ratio(2 * right, faces + found), len(tables)),
        }
        for name, right in hits.items()
    }
