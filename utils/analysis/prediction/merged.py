"""The predictions of all shards as one."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from utils.analysis.prediction.predict import SCHEMA
from utils.analysis.prediction.summary import summarise
from utils.errors import InputError
from utils.metrics.detections import Detections
from utils.records import read_record


@dataclass(frozen=True)
class Predictions:
    """All shards' ``predictions_<p>.json`` as one, photographs sorted by name."""

    threshold: float
    photos: list[dict[str, Any]]
    skipped: list[dict[str, str]]
    summaries: list[dict[str, Any]] = field(default_factory=list)
    detections: list[Detections] = field(default_factory=list)


def read_predictions(paths: Sequence[Path], evaluation: dict[str, Any]) -> Predictions:
    """Read the predictions of all shards, and check that they are of the model evaluated."""
    records = [(path, read_record(path, SCHEMA)) for path in paths]
    for path, record in records:
        for key, expected in (
            ("threshold", evaluation["threshold"]),
            ("model", {key: evaluation["model"][key] for key in ("arch", "digest")}),
        ):
            if record[key] != expected:
                raise InputError(
                    f"{path}: field '{key}' is {record[key]}, that of the evaluation {expected}; "
                    "predict and evaluate with the same model"
                )
    found = [
        (photo, _detections(path, photo)) for path, record in records for photo in record["photos"]
    ]
    found.sort(key=lambda one: one[0]["name"])
    photos = [photo for photo, _ in found]
    threshold = evaluation["threshold"]
    return Predictions(
        threshold=threshold,
        photos=photos,
        skipped=[item for _, record in records for item in record["skipped"]],
        summaries=[summarise(photo, threshold) for photo in photos],
        detections=[detections for _, detections in found],
    )


def _detections(path: Path, photo: dict[str, Any]) -> Detections:
    try:
        return Detections.from_record(photo["faces"])
    except InputError as error:
        raise InputError(f"{path}: {photo['file']}: {error}") from error
