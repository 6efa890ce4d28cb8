"""Validation photographs that join the test photographs by which the rate is corrected.

The detector did not learn from them, but its calibration and threshold were chosen on them. So each
counts as the others alone would have chosen (`utils.metrics.cross_fitting`), and half as many
photographs again tell the detector's mistakes. How good the detector is, the test photographs alone
tell.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from utils.analysis.evaluation.photographs import Photographs, look_at, photo_records
from utils.errors import InputError, brief
from utils.metrics.cross_fitting import cross_fitted

if TYPE_CHECKING:
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
    if unknown := [name for name in seen.names if name not in split["photos"]]:
        raise InputError(
            f"split.json: does not hold the validation photograph {brief(unknown[0])!r}; give the "
            "split that the photographs are of"
        )
    learnt = {one["group"] for one in split["photos"].values() if one["side"] == "train"}
    groups = [split["photos"][name]["group"] for name in seen.names]
    unknown = bool((split.get("learnt") or {}).get("off_train"))
    kept = [n for n, group in enumerate(groups) if group not in learnt and not unknown]
    rows = _records(detector, seen, kept, [groups[n] for n in kept])
    told = {"photos": len(groups), "joined": len(rows), "learnt": len(groups) - len(kept)}
    return rows, told


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


def _records(
    detector: "Detector", seen: Photographs, kept: list[int], groups: list[int]
) -> list[dict[str, Any]]:
    raw = [detector.calibration.inverse().apply(seen.detections[n]) for n in kept]
    faces = [seen.faces[n] for n in kept]
    counting = cross_fitted(raw, faces, groups)
    if counting is None:
        return []
    rows = photo_records([seen.names[n] for n in kept], faces, counting, 0.0)
    return [row | {"looks": seen.looks[n]} for row, n in zip(rows, kept, strict=True)]
