"""Whether the new photographs are like the test photographs, and what to say where they are not."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from utils.analysis.prediction.merged import Predictions
from utils.analysis.prevalence.box_features import FEATURES, feature_sums
from utils.analysis.prevalence.shift import MARKED, shift_test

LOOKS = ("boxes", "brightness", "sharpness")

BROKEN = 1.5
"""Standard deviations of the test photographs by which crowding, size or confidence of the faces
must differ for the answer to be withheld: most new photographs are then beyond what was tested."""

FAR = {"boxes": 1.0, "side": 1.0, "confidence": 1.5}
"""What they must differ by in their own units, too: twice as many people, or half as wide faces."""

_CERTAIN = 0.001  # chance of the difference below which an answer may be withheld

WORDS = {
    "boxes": ("fewer people a photograph", "more people a photograph"),
    "side": ("smaller faces", "larger faces"),
    "confidence": ("faces that the detector is less sure of", "faces that it is surer of"),
    "brightness": ("darker photographs", "brighter photographs"),
    "sharpness": ("less sharp photographs", "sharper photographs"),
}


def shift_of(
    tested: Sequence[dict[str, Any]],
    predictions: Predictions,
    test: np.ndarray,
    new: np.ndarray,
    seed: int,
) -> dict[str, Any]:
    """Return the record of `shift_test` on sizes, confidences, number, light and sharpness.

    Parameters
    ----------
    tested
        The test photographs, as the evaluation has them ``per_photo``.
    test, new
        Shapes (photos, 4, 4) and (photos, 3): as `estimate_prevalence` has them.

    Returns
    -------
    With ``words``: what is `MARKED`, the largest first, where the photographs are ``shifted``; and
    ``broken``: whether they are so much that the answer cannot stand.
    """
    found = predictions.detections
    record = shift_test(
        test,
        np.array([photo["features"] for photo in tested]),
        _looks(tested, np.asarray(test)[:, :, 1:].sum(axis=(1, 2))),
        new,
        feature_sums(found, predictions.threshold),
        _looks(predictions.summaries, np.asarray(new).sum(axis=1)),
        seed,
        names=(*FEATURES, *LOOKS),
        groups=np.array([photo["group"] for photo in predictions.summaries]),
    )
    differ = {
        name: one["deviations"]
        for name, one in record["features"].items()
        if record["shifted"] and abs(one["deviations"]) >= MARKED
    }
    far = any(
        abs(differ.get(name, 0)) >= BROKEN and abs(record["features"][name]["difference"]) >= least
        for name, least in FAR.items()
    )
    return {
        **record,
        "words": [WORDS[name][deviations > 0] for name, deviations in differ.items()],
        "broken": bool(far and record["p"] < _CERTAIN),
    }


def withheld(prevalence: dict[str, Any]) -> dict[str, Any]:
    """Return the record of an estimate whose assumptions are clearly broken: without an answer."""
    answer = dict.fromkeys(("share", "interval", "interval_here"))
    return {
        **prevalence,
        "reliable": False,
        "properly_masked": prevalence["properly_masked"] | answer,
    }


def about_the_shift(shift: dict[str, Any]) -> str | None:
    """Return what is unlike, and what it does to the answer; None where nothing is."""
    if not shift["shifted"]:
        return None
    amounts = [abs(one["deviations"]) for one in shift["features"].values()]
    told = ", ".join(
        f"{words} (by {amount:.1f} standard deviations)"
        for words, amount in zip(shift["words"], amounts, strict=False)
    )
    return (
        f"The new photographs do not seem to be like the test photographs: {told}. Neither chance "
        "nor another mix of classes explains that. The correction assumes that a face of each "
        "class is as easy to see here as there, and that what is invented comes with people; where "
        "that does not hold, the share is wrong by more than its interval says."
    )


def _looks(photos: Sequence[dict[str, Any]], boxes: np.ndarray) -> np.ndarray:
    """Return the features of whole photographs, shape (photos, 3), as `LOOKS` names them."""
    rows = [[photo["looks"][name] for name in LOOKS[1:]] for photo in photos]
    told = np.array(rows, np.float64).reshape(-1, len(LOOKS) - 1)
    return np.concatenate([np.log2(1 + boxes.reshape(-1, 1)), told], axis=1)
