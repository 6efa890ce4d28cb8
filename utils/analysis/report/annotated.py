"""The answer from new photographs of which some were annotated, in place of the detector's."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from utils.analysis.prediction.merged import Predictions
from utils.analysis.prevalence.annotated import annotated_prevalence
from utils.analysis.prevalence.annotated_places import compare_annotated_places
from utils.analysis.report.places import Given, breakdowns
from utils.analysis.report.planned import HALF_WIDTH
from utils.dataset.labels import CLASSES
from utils.errors import InputError

_DETECTOR = ("reliable", "absent", "properly_masked", "corrected", "people", "variance", "design")


def with_annotations(
    prevalence: dict[str, Any],
    sample: Mapping[str, Any],
    predictions: Predictions,
    predicted: np.ndarray,
    given: Given | None = None,
) -> dict[str, Any]:
    """Return the record of the answer with that from annotated photographs in its place.

    Parameters
    ----------
    prevalence
        As `utils.analysis.prevalence.estimate.estimate_prevalence` returns it.
    sample
        Its record (`utils.dataset.intake.annotated_sample`).
    predictions, predicted
        On the new photographs; shape (photos, 3): what was found of each class, in probabilities.
    given
        Places, times and weights of the new photographs, as far as told.

    Returns
    -------
    The record with two fields filled in: ``annotated`` (what `annotated_prevalence` returns, and
    how the sample came back) and ``detector`` (the fields that were replaced, as they were). Where
    too few photographs with people were annotated for an answer, the detector's stands. Each place
    of ``places`` has ``annotated``, how many photographs were, and ``alone``, the ``share`` and
    ``interval`` that it had without annotations.

    Raises
    ------
    InputError
        If a photograph of the sample is not among those predicted.
    """
    place_of = {photo["name"]: place for place, photo in enumerate(predictions.summaries)}
    for photo in sample["photos"]:
        if photo["name"] not in place_of:
            raise InputError(
                f"the annotated sample that '{sample['run']}' dealt: photograph '{photo['name']}' "
                "is not among those predicted; annotate a sample of these new photographs"
            )
    photos = sample["photos"]
    truth = np.array([[photo["counts"][name] for name in CLASSES] for photo in photos])
    chosen = np.array([place_of[photo["name"]] for photo in photos])
    sampled = chosen, truth, np.array([photo["chance"] for photo in photos])
    groups = np.array([photo["group"] for photo in predictions.summaries])
    weights = None
    if given:
        weights = given.weights_of([photo["file"] for photo in predictions.summaries])
    told = annotated_prevalence(
        predicted, *sampled, groups=groups, weights=weights, half_width=HALF_WIDTH
    )
    classes = told.pop("classes")
    back = {key: sample[key] for key in sample if key not in ("photos", "schema")}
    back |= {kind: sum(photo[kind] for photo in photos) for kind in ("as_filled_in", "emptied")}
    result = {**prevalence, "annotated": {**told, **back}}
    if told["share"] is None:
        return result
    places = None
    if given:

        def compare(labels: np.ndarray, within: np.ndarray | None) -> dict[str, Any]:
            chosen = {"groups": groups, "weights": weights, "within": within}
            return compare_annotated_places(predicted, *sampled, labels, told["power"], **chosen)

        places = breakdowns(given, predictions.summaries, compare)
        _add_alone(places, prevalence["places"])
    keys = ("share", "interval", "interval_here")
    return {
        **result,
        "places": places,
        "reliable": True,
        "constrained": False,
        "absent": [],  # people know all classes
        "people": {**prevalence["people"], "corrected": told["total"], "interval": None},
        "properly_masked": {**prevalence["properly_masked"], **{key: told[key] for key in keys}},
        "corrected": {
            name: {**classes[name], "count": told["total"] * classes[name]["share"]}
            for name in CLASSES
        },
        "variance": None,
        "design": told["design"],
        "estimator": "PPI++",
        "method": told["method"],
        "detector": {key: prevalence[key] for key in _DETECTOR},
    }


def _add_alone(places: dict[str, Any], before: dict[str, Any]) -> None:
    """Add to each place what its share was without annotations."""
    for told, earlier in zip(places["breakdowns"], before["breakdowns"], strict=True):
        for row, other in zip(told["places"], earlier["places"], strict=True):
            row["alone"] = {key: other[key] for key in ("share", "interval")}
