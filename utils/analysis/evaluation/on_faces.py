"""The record of a classifier, for which each picture is one face: as that of a detector.

What tells the rate, and what caveats are taken from, stands where a detector has it: its confusion
matrix has no missed and no invented faces. What only photographs can tell is None.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from utils.analysis.evaluation.classification import classified
from utils.analysis.evaluation.intervals import add_intervals, operating_intervals
from utils.analysis.evaluation.joined import joined_faces
from utils.analysis.evaluation.photographs import counted, photo_records
from utils.dataset.labels import CLASSES
from utils.metrics.confusion import operating_metrics

if TYPE_CHECKING:
    from utils.classifier.inference import FaceClassifier

_OF_PHOTOGRAPHS = ("iou", "average_precision", "rankings", "precision_recall", "calibration")


def evaluate_on_faces(
    classifier: "FaceClassifier",
    faces: Path,
    photographs: Path,
    seed: int,
    validation: Path | None = None,
    split: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """Let a classifier judge the test faces, and return the record ``evaluation.json``.

    Parameters
    ----------
    faces, photographs
        Cut faces, and the clean shard of the photographs that they were cut from.
    validation
        Cut faces of the validation side, which join the test faces where the rate is corrected, and
        there alone; by default none do.
    seed, split
        As `utils.analysis.evaluation.evaluate.evaluate` takes them.

    Returns
    -------
    ``classification`` (`classified`), and the fields of `evaluate`; ``per_photo`` has an entry a
    face, which names its ``photograph``.
    """
    seen, told = classified(classifier, faces, photographs, split, seed)
    threshold = float(classifier.threshold)
    tables = seen.judged(split).tables()
    total = tables.sum(axis=0)
    point = operating_metrics(total)
    add_intervals(point, operating_intervals(tables))
    rows = photo_records(seen.names, seen.faces, seen.detections, threshold)
    record = {
        **dict.fromkeys(_OF_PHOTOGRAPHS),
        "loss": told["loss"],
        "mistakes": [],
        "photos": told["photos"],
        "faces": {name: int(total[k].sum()) for k, name in enumerate(CLASSES, start=1)},
        "threshold": threshold,
        "operating_point": point,
        "bootstrap": told["bootstrap"],
        "confusion": total.tolist(),
        "counted": counted(seen.detections, threshold),
        "per_photo": [
            {**row, "photograph": photograph, "looks": looked, "validation": False}
            for row, photograph, looked in zip(rows, seen.photographs, seen.looks, strict=True)
        ],
        "validation": None,
        "classification": told,
    }
    if validation and split:
        others, record["validation"] = joined_faces(classifier, validation, split)
        record["per_photo"] += [one | {"validation": True} for one in others]
    return record
