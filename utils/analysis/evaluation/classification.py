"""How good a classifier is on annotated faces: the part ``classification`` of an evaluation."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from utils.analysis.evaluation.calibrated import calibration_record
from utils.analysis.evaluation.face_mistakes import shown_faces, worst_confused
from utils.analysis.evaluation.faces import JudgedFaces, judge_faces, sides_in_photographs
from utils.analysis.evaluation.intervals import (
    LEAST_FACES,
    LEAST_PHOTOS,
    Interval,
    approximate,
    operating_intervals,
    ratio,
)
from utils.dataset.cut_faces import photograph_of
from utils.dataset.labels import CLASSES
from utils.errors import InputError, brief
from utils.metrics.average_precision import SIZES
from utils.metrics.bootstrap import draws_of
from utils.metrics.classification import Judged, accuracies, scoring_rules
from utils.metrics.confusion import operating_metrics
from utils.metrics.one_against_rest import OneAgainstRest
from utils.seed import derive_seed

if TYPE_CHECKING:
    from utils.classifier.inference import FaceClassifier

REPETITIONS = 1000
"""Resamples of the photographs, for the intervals of areas under curves and scoring rules."""

GRID = np.linspace(0, 1, 101)
"""Where curves are read off for their picture."""

AREAS = ("auc", "average_precision")
_OF_A_CLASS = ("precision", "recall", "f1", "specificity", *AREAS)


def classified(
    classifier: "FaceClassifier",
    shard: Path,
    photographs: Path,
    split: Mapping[str, Any] | None,
    seed: int,
) -> tuple[JudgedFaces, dict[str, Any]]:
    """Let a classifier judge the faces of a shard; return them, and the record of how well it did.

    Parameters
    ----------
    shard, photographs
        Cut faces, and the clean shard of the photographs that they were cut from.
    split
        The record ``split.json``: faces on near-duplicates are as one observation. Without it those
        of one photograph are.
    seed
        The run's seed.

    Raises
    ------
    InputError
        If there is no face, one cannot be read, or one is of a photograph that is none of the
        photographs or of the split.
    """
    losses = classifier.losses(seed)
    seen = judge_faces(classifier, shard, losses)
    if not seen.names:
        raise InputError(f"{shard}: holds no face; there is nothing to evaluate on")
    places = sides_in_photographs(photographs)
    of_names = [photograph_of(name) for name in seen.names]
    if unknown := [one for one in of_names if one not in places]:
        raise InputError(
            f"{photographs}: does not hold face {unknown[0][1]} of {brief(unknown[0][0])!r}; give "
            f"the photographs that the faces of {shard} were cut from"
        )
    sides = np.array([places[one] for one in of_names])
    judged = seen.judged(split)
    record = classification_record(judged, sides, seed, classifier.absent)
    worst = worst_confused(seen, judged, sides)
    return seen, {
        **record,
        "photos": len(set(seen.photographs)),
        "loss": losses.means(),
        "too_small": len(places) - len(seen.names),
        "calibration": calibration_record(seen.detections, seen.faces, classifier.calibration),
        "mistakes": worst,
        "shown": shown_faces(seen, judged, sides),
    }


def classification_record(
    judged: Judged, sides: np.ndarray, seed: int, absent: Sequence[str] = ()
) -> dict[str, Any]:
    """Return the numbers of a classifier, each with its 95 % ``intervals``.

    Parameters
    ----------
    sides
        float64, shape (N,): the side of each face in its photograph, in pixels.
    seed
        The run's seed.
    absent
        Names of classes of which the classifier saw no face, and which it can therefore not name:
        their numbers are None.

    Returns
    -------
    ``faces``, ``groups`` (observations), ``absent``, ``accuracy``, ``balanced_accuracy``,
    ``brier``, ``log_loss``; ``classes`` ({name: {faces, said, precision, recall, f1, specificity,
    auc, average_precision}}, the last two of the class against the others); ``confusion`` (4 x 4,
    row and column 0 empty); ``roc`` ({class: {false_positive_rate, true_positive_rate}}) and
    ``precision_recall`` ({class: {recall, precision}}), 101 points each; and ``sizes`` ({name:
    {from, below, faces, accuracy, balanced_accuracy}}, by the side in the photograph, see
    `utils.metrics.average_precision.SIZES`). None where there is nothing to divide by.
    """
    rng = np.random.default_rng(derive_seed(seed, "classification"))
    tables = judged.tables()
    weights = draws_of(len(tables), REPETITIONS, rng)
    told = [name for name in CLASSES if name not in absent]
    rankings = {name: OneAgainstRest.of(judged, CLASSES.index(name) + 1) for name in told}
    there = {name: one for name, one in rankings.items() if one.right.any()}
    rules = scoring_rules(judged, REPETITIONS, rng)
    means = accuracies(judged)
    return {
        **means,
        **rules,
        "groups": len(tables),
        "absent": list(absent),
        "intervals": means["intervals"] | rules["intervals"],
        "classes": _classes(tables, rankings, weights),
        "confusion": tables.sum(axis=0).tolist(),
        "roc": {name: _roc(one) for name, one in there.items() if not one.right.all()},
        "precision_recall": {name: _precision_recall(one) for name, one in there.items()},
        "sizes": {
            name: {
                "from": low,
                "below": high if np.isfinite(high) else None,
                **accuracies(judged[(sides >= low) & (sides < high)]),
            }
            for name, (low, high) in SIZES.items()
        },
        "bootstrap": {"repetitions": REPETITIONS, "seed": seed},
    }


def _classes(
    tables: np.ndarray, rankings: Mapping[str, OneAgainstRest], weights: np.ndarray
) -> dict[str, Any]:
    """Return the numbers of each class, as `classification_record` describes them."""
    point, spans = operating_metrics(tables.sum(axis=0)), operating_intervals(tables)
    faces, said = tables[:, 1:].sum(axis=2), tables[:, :, 1:].sum(axis=1)
    result = {}
    for k, name in enumerate(CLASSES):
        part = point["classes"][name]
        counts = {"faces": part.pop("faces"), "said": part.pop("detections")}
        if name not in rankings or not counts["faces"]:
            nothing = dict.fromkeys(_OF_A_CLASS)
            result[name] = {**counts, **nothing, "intervals": dict(nothing)}
            continue
        others = faces.sum(axis=1) - faces[:, k]
        wrong = said[:, k] - tables[:, k + 1, k + 1]
        areas, ends = _areas(rankings[name], weights, faces[:, k] > 0, others > 0)
        part["specificity"] = 1 - float(wrong.sum() / others.sum()) if others.any() else None
        intervals = {**spans["classes"][name], "specificity": ratio(others - wrong, others), **ends}
        result[name] = {**counts, **part, **areas, "intervals": intervals}
    return result


def _areas(
    ranking: OneAgainstRest, weights: np.ndarray, groups: np.ndarray, others: np.ndarray
) -> tuple[dict[str, float | None], dict[str, Interval]]:
    """Return the areas under the curves of a class, and their intervals.

    Parameters
    ----------
    groups, others
        Bool, shape (groups,): which have faces of the class, and of other classes.
    """
    told, drawn = ranking.areas(), ranking.areas(weights)
    fewest = {"auc": min(groups.sum(), others.sum()), "average_precision": groups.sum()}
    right = int(ranking.right.sum())
    enough = min(right, len(ranking) - right) >= LEAST_FACES and weights.shape[1] >= LEAST_PHOTOS
    areas = {name: float(told[name][0]) for name in AREAS}
    return (
        {name: value if np.isfinite(value) else None for name, value in areas.items()},
        {
            name: approximate(areas[name], drawn[name], int(fewest[name])) if enough else None
            for name in AREAS
        },
    )


def _roc(ranking: OneAgainstRest) -> dict[str, list[float]]:
    wrong, found = ranking.roc()
    last = np.searchsorted(wrong, GRID, side="right") - 1  # of a rise, its top
    after = np.minimum(last + 1, len(wrong) - 1)
    width = wrong[after] - wrong[last]
    part = np.divide(GRID - wrong[last], width, out=np.zeros(len(GRID)), where=width > 0)
    values = found[last] + part * (found[after] - found[last])
    return {
        "false_positive_rate": GRID.round(4).tolist(),
        "true_positive_rate": values.round(5).tolist(),
    }


def _precision_recall(ranking: OneAgainstRest) -> dict[str, list[float]]:
    precision, recall = ranking.precision_recall()
    first = np.searchsorted(recall, GRID - 1e-12).clip(max=len(recall) - 1)
    return {"recall": GRID.round(4).tolist(), "precision": precision[first].round(5).tolist()}
