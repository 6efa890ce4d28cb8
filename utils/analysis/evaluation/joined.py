"""Validation photographs that join the test photographs by which the rate is corrected.

The detector did not learn from them, but its calibration and threshold were chosen on them. So each
counts as the others alone would have chosen (`utils.metrics.cross_fitting`), and half as many
photographs again tell the detector's mistakes. How good the detector is, the test photographs alone
tell.
"""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from utils.analysis.evaluation.faces import JudgedFaces, judge_faces
from utils.analysis.evaluation.groups import groups_of
from utils.analysis.evaluation.photographs import Photographs, look_at, photo_records
from utils.dataset.faces import Faces
from utils.dataset.labels import BACKGROUND
from utils.metrics.calibration import Calibration
from utils.metrics.cross_fitting import cross_fitted
from utils.metrics.detections import Detections
from utils.metrics.temperature import fit_temperature

if TYPE_CHECKING:
    from utils.classifier.inference import FaceClassifier
    from utils.detector.inference import Detector


def joined_photographs(
    detector: "Detector", shard: Path, split: Mapping[str, Any]
) -> tuple[list[dict[str, Any]], dict[str, int]]:
    """Return the records of the validation photographs that join, and how many do.

    Parameters
    ----------
    shard
        The clean shard of the validation photographs.
    split
        The record ``split.json``. Near-duplicates of training photographs do not join: the detector
        may know them by heart. They are there only where the data came split. Where the weights to
        start from have learnt from photographs that are not on the training side, which may be
        these, none join.

    Returns
    -------
    Records as `photo_records` makes them, with ``looks``; and ``photos``, of which so many
    ``joined``, and so many were ``learnt``. Where too few are left, none join.

    Raises
    ------
    InputError
        If a photograph cannot be read, or is none of the split.
    """
    seen = look_at(detector, shard)
    return _joining(detector, seen, seen.names, split)


def joined_faces(
    classifier: "FaceClassifier", shard: Path, split: Mapping[str, Any]
) -> tuple[list[dict[str, Any]], dict[str, int]]:
    """Return the records of the validation faces that join, as `joined_photographs` does.

    Each is calibrated as the others alone would have it; which count is no question, because every
    face is judged. The records name the ``photograph`` of each face.

    Parameters
    ----------
    shard
        Cut faces of the validation photographs.
    """
    seen = judge_faces(classifier, shard)

    def choose(
        detections: Sequence[Detections], faces: Sequence[Faces]
    ) -> tuple[Calibration, float]:
        told = np.concatenate([one.probabilities[:, BACKGROUND + 1 :] for one in detections])
        truth = np.concatenate([one.labels for one in faces]) - 1
        with np.errstate(divide="ignore"):
            return fit_temperature(np.log(told), truth), float(classifier.threshold)

    rows, told = _joining(classifier, seen, seen.photographs, split, choose)
    of_names = dict(zip(seen.names, seen.photographs, strict=True))
    return [row | {"photograph": of_names[row["name"]]} for row in rows], told


def correcting_photos(
    evaluation: dict[str, Any], join_validation: bool = True
) -> list[dict[str, Any]]:
    """Return the photographs of ``evaluation.json`` by which the rate is corrected.

    Parameters
    ----------
    join_validation
        Whether those of validation are among them.
    """
    return [
        photo
        for photo in evaluation["per_photo"]
        if join_validation or not photo.get("validation", False)
    ]


def _joining(
    model: "Detector | FaceClassifier",
    seen: Photographs | JudgedFaces,
    photographs: Sequence[str],
    split: Mapping[str, Any],
    choose: Callable[..., tuple[Calibration, float]] | None = None,
) -> tuple[list[dict[str, Any]], dict[str, int]]:
    """Return what joins of what was seen, whose photographs are named one entry each."""
    learnt = {one["group"] for one in split["photos"].values() if one["side"] == "train"}
    groups = groups_of(photographs, split, "validation")
    unsure = bool((split.get("learnt") or {}).get("off_train"))
    kept = [n for n, group in enumerate(groups) if group not in learnt and not unsure]
    raw = [model.calibration.inverse().apply(seen.detections[n]) for n in kept]
    faces = [seen.faces[n] for n in kept]
    counting = cross_fitted(raw, faces, [groups[n] for n in kept], choose)
    if counting is None:
        return [], {"photos": len(groups), "joined": 0, "learnt": len(groups) - len(kept)}
    rows = photo_records([seen.names[n] for n in kept], faces, counting, 0.0)
    rows = [row | {"looks": seen.looks[n]} for row, n in zip(rows, kept, strict=True)]
    return rows, {"photos": len(groups), "joined": len(rows), "learnt": len(groups) - len(kept)}
