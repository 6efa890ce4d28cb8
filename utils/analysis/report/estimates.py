"""From the records of the jobs before to the estimate, and what tells whether it can be trusted."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np

from utils.analysis.evaluation.groups import groups_of, photograph_of_row
from utils.analysis.evaluation.joined import correcting_photos
from utils.analysis.prediction.merged import Predictions
from utils.analysis.prevalence.adjusted_counts import without_classes
from utils.analysis.prevalence.counting import expected_counts
from utils.analysis.prevalence.estimate import estimate_prevalence
from utils.analysis.prevalence.places import compare_places
from utils.analysis.report.kinds import kind_of
from utils.analysis.report.meaning import absent_classes
from utils.analysis.report.places import Given, breakdowns, no_shares
from utils.analysis.report.planned import HALF_WIDTH, plan_for
from utils.analysis.report.shift import shift_of, withheld
from utils.dataset.labels import CLASSES


def estimates(
    evaluation: dict[str, Any],
    predictions: Predictions,
    split: dict[str, Any],
    seed: int,
    given: Given | None = None,
    join_validation: bool = True,
) -> dict[str, Any]:
    """Return the estimate's record.

    Parameters
    ----------
    evaluation, split
        The records of these names.
    predictions
        On the new photographs.
    seed
        The run's seed, for the bootstrap.
    given
        Places, times and weights of the new photographs, as far as told.
    join_validation
        Whether the validation photographs of the evaluation join its test photographs, as they
        should unless the new photographs are the test photographs.

    Returns
    -------
    That of `estimate_prevalence`, with ``kind`` (of the model); ``photos.validation``, which of
    ``photos.test`` are validation photographs that joined; ``threshold``; ``bursts``: how many
    ``photos`` are in how
    many ``groups`` of two or more that are as one observation, and the ``largest`` of these; and
    ``shift``: whether the new photographs are like the test photographs (`shift_of`). Where they
    clearly are not, the answer is not ``reliable``. ``plan`` is what one of `HALF_WIDTH` takes
    (`plan_for`), None without an answer; ``group_of`` the group of each new photograph, sorted by
    name, None where each is one. ``annotated`` and ``detector`` are None here
    (`utils.analysis.report.annotated`). ``places``: the share of each, and which differ
    (`utils.analysis.report.places.breakdowns`), without shares where there is no answer; None
    where none are told.
    """
    photos, found = correcting_photos(evaluation, join_validation), predictions.detections
    test = np.array([photo["confusion"] for photo in photos])
    expected = np.array([photo["expected"] for photo in photos])
    new = np.array(
        [[photo["counts"][name] for name in CLASSES] for photo in predictions.summaries], np.int64
    ).reshape(-1, len(CLASSES))
    groups = [photo["group"] for photo in predictions.summaries]
    files = [photo["file"] for photo in predictions.summaries]
    weights = given.weights_of(files) if given else None
    threshold, absent = predictions.threshold, absent_classes(split["sides"])
    counted = expected_counts(found, threshold)
    record = estimate_prevalence(
        test,
        new,
        seed,
        expected=(expected, counted),
        groups=np.array(groups),
        test_groups=_test_groups(photos, split),
        weights=weights,
        absent=absent,
    )
    record["photos"]["validation"] = sum(photo.get("validation", False) for photo in photos)
    shift = shift_of(photos, predictions, test, new, seed)
    if record["reliable"] and shift["broken"]:
        record = withheld(record)
    weighted = counted if weights is None else counted * weights[:, None]
    planned = None
    if record["reliable"]:
        planned = plan_for(expected, weighted, np.array(groups), absent, HALF_WIDTH, seed)
    places = None
    if given:
        rows = without_classes(expected, counted, [CLASSES.index(name) for name in absent])

        def compare(labels: np.ndarray, within: np.ndarray | None) -> dict[str, Any]:
            chosen = {"groups": np.array(groups), "weights": weights, "within": within}
            return compare_places(*rows, labels, seed, **chosen)

        compare = compare if record["reliable"] else no_shares
        places = breakdowns(given, predictions.summaries, compare)
    several = bursts(groups)
    return {
        "kind": kind_of(evaluation),
        "threshold": threshold,
        "bursts": several,
        "group_of": groups if several["photos"] else None,
        "shift": shift,
        **record,
        "plan": planned,
        "annotated": None,
        "detector": None,
        "places": places,
    }


def bursts(groups: Sequence[int]) -> dict[str, int]:
    """Count the groups of two or more new photographs, and the photographs in them."""
    sizes = [size for size in Counter(groups).values() if size > 1]
    return {"photos": sum(sizes), "groups": len(sizes), "largest": max(sizes, default=0)}


def _test_groups(photos: Sequence[dict[str, Any]], split: dict[str, Any]) -> np.ndarray:
    """Return the group of near-duplicates of each test photograph, as the split found them."""
    return np.array(groups_of([photograph_of_row(photo) for photo in photos], split))
