"""What was found on one new photograph, in a few numbers."""

from typing import Any

from utils.dataset.labels import CLASSES

NEAR = 0.15
"""A confidence this near to the threshold could as well have fallen on its other side."""


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
        "doubtful": sum(abs(face["confidence"] - threshold) <= NEAR for face in photo["faces"]),
        "resembles": photo.get("resembles"),
        "taken": photo.get("taken"),
        "looks": photo.get("looks"),
    }
