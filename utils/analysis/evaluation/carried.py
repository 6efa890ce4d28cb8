"""What a test showed of a model, as the model's file carries it to those who apply it.

The correction of a rate, its interval and its caveats need what was counted on each test
photograph, which of these are near-duplicates, and which classes there were: parts of
``evaluation.json`` and ``split.json``. Numbers of photographs go as tensors, a quarter of a
kilobyte each; names of photographs stay behind.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch

from utils.analysis.evaluation.groups import groups_of, photograph_of_row
from utils.dataset.labels import CLASSES
from utils.errors import InputError

SCHEMA = 1
"""Schema of the field ``evaluation`` of a model file."""

LEFT_BEHIND = (
    *("per_photo", "rankings", "precision_recall"),
    *("calibration", "mistakes", "classification"),
)
"""Parts of ``evaluation.json`` that are not carried, or not as they are."""

_SHOWN = ("precision_recall", "roc", "calibration", "mistakes", "shown")
"""Parts of ``classification`` that are not carried: pictures are drawn of them, some with names."""

_NAMES = ("name", "photograph")
_ACROSS = "near_duplicates_across_sides"
_SIDE = len(CLASSES) + 1
_SHAPES = {"confusion": (_SIDE, _SIDE), "expected": (_SIDE, _SIDE), "features": (_SIDE, 2)}


def carry(evaluation: Mapping[str, Any], split: Mapping[str, Any]) -> dict[str, Any]:
    """Return the field ``evaluation`` of a model file, of plain values and tensors.

    Parameters
    ----------
    evaluation, split
        The records of these names.

    Returns
    -------
    ``evaluation``: the record less `LEFT_BEHIND`; ``per_photo``: a tensor a number that each test
    photograph has, and ``groups``, equal for near-duplicates; and of the split ``sides`` and
    ``near_duplicates_across_sides``.

    Raises
    ------
    InputError
        If a test photograph is none of the split.
    """
    photos = evaluation["per_photo"]
    numbers = [{key: one[key] for key in one if key not in _NAMES} for one in photos]
    groups = groups_of([photograph_of_row(one) for one in photos], split)
    told = {key: it for key, it in evaluation.items() if key not in LEFT_BEHIND}
    if judged := evaluation.get("classification"):
        told["classification"] = {key: it for key, it in judged.items() if key not in _SHOWN}
    return {
        "schema": SCHEMA,
        "evaluation": told,
        "per_photo": _stacked(numbers),
        "groups": torch.tensor(groups, dtype=torch.int32),
        "sides": split["sides"],
        _ACROSS: split.get(_ACROSS, 0),
    }


def unpacked(carried: Any, where: object) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return ``evaluation`` and ``split`` as far as `carry` was given them; photos are numbered.

    Parameters
    ----------
    where
        What to call the model file in an error.

    Raises
    ------
    InputError
        If it is not what `carry` returns.
    """
    try:
        if carried["schema"] != SCHEMA:
            raise ValueError(f"its schema is {carried['schema']!r}, expected {SCHEMA}")
        groups = carried["groups"].tolist()
        photos = _unstacked(carried["per_photo"], len(groups))
        for name, shape in _SHAPES.items():
            if any(np.shape(one[name]) != shape for one in photos):
                raise ValueError(f"{name} is not of shape {shape}")
        looks = [value for one in photos for value in one["looks"].values()]
        if not np.isfinite(np.array(looks, np.float64)).all():
            raise ValueError("looks are not numbers")
        names = [str(number) for number in range(len(photos))]
        per_photo = [{"name": name, **one} for name, one in zip(names, photos, strict=True)]
        of_names = {name: {"group": group} for name, group in zip(names, groups, strict=True)}
        evaluation = {**carried["evaluation"], "per_photo": per_photo}
        sides = {name: {"faces": dict(side["faces"])} for name, side in carried["sides"].items()}
        evaluation["operating_point"]["any_class"]["recall"]
        evaluation["bootstrap"]["seed"] + evaluation["threshold"]
        evaluation["faces"].keys() | set(CLASSES)
    except (TypeError, KeyError, ValueError, AttributeError, IndexError) as error:
        raise InputError(
            f"{where}: field 'evaluation' is not what bin/evaluate.py writes ({error}); evaluate "
            "the model again"
        ) from error
    across = carried.get(_ACROSS, 0)
    return evaluation, {"photos": of_names, "sides": sides, _ACROSS: across, "skipped": []}


def _stacked(rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Turn equal records of numbers into one record of tensors, whose first axis are the rows."""
    result: dict[str, Any] = {}
    for key, first in rows[0].items() if rows else ():
        values = [row[key] for row in rows]
        if isinstance(first, Mapping):
            result[key] = _stacked(values)
            continue
        array = np.array(values)
        result[key] = torch.from_numpy(array.astype(np.int32) if array.dtype.kind == "i" else array)
    return result


def _unstacked(record: Mapping[str, Any], count: int) -> list[dict[str, Any]]:
    """Turn what `_stacked` returned into as many records of numbers."""
    rows: list[dict[str, Any]] = [{} for _ in range(count)]
    for key, value in record.items():
        parts = _unstacked(value, count) if isinstance(value, Mapping) else value.tolist()
        for row, part in zip(rows, parts, strict=True):
            row[key] = part
    return rows
