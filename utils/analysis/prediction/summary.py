"""What was found on one new photograph, in a few numbers."""

from typing import Any

from utils.dataset.labels import CLASSES

NEAR = 0.15
"""A confidence this near to the threshold could as well have fallen on its other side.

Where there is none, because each picture is judged as a face, it is the class that could as well
have been another: the next one is this near to being as likely.
"""


def summarise(photo: dict[str, Any], threshold: float) -> dict[str, Any]:
    """Sum one photograph of ``predictions_<p>.json`` up.

    Returns
    -------
    ``name``, ``file``, ``people``, ``counts`` ({class: n}), ``lowest`` and ``mean`` confidence of
    the boxes that count (None without any), ``doubtful``: boxes, counted or not, whose confidence
    is within `NEAR` of the threshold, ``resembles``: the training photograph that it is a
    near-duplicate of (None if it is of none, or was not compared), ``taken``: the
    EXIF time, and ``looks``.
    """
    kept = [face for face in photo["faces"] if face["confidence"] >= threshold]
    confidences = [face["confidence"] for face in kept]
    return {
        "name": photo["name"],
        "file": photo["file"],
        "people": len(kept),
        "counts": {name: sum(face["class"] == name for face in kept) for name in CLASSES},
        "lowest": min(confidences, default=None),
        "mean": sum(confidences) / len(kept) if kept else None,
        "doubtful": sum(_doubtful(face, threshold) for face in photo["faces"]),
        "resembles": photo.get("resembles"),
        "taken": photo.get("taken"),
        "looks": photo.get("looks"),
    }


def _doubtful(face: dict[str, Any], threshold: float) -> bool:
    if threshold > 0:
        return abs(face["confidence"] - threshold) <= NEAR
    first, second = sorted(face["probabilities"])[:-3:-1]
    return (first - second) / 2 <= NEAR
