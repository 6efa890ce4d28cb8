"""How the faces of a photograph, as people annotated them, differ from those filled in."""

from collections.abc import Iterator
from typing import Any

from utils.dataset.formats.annotation import LEAST_SIDE, Box, RawAnnotation
from utils.dataset.labels import CLASSES
from utils.dataset.suggestion import SuggestedPhoto

CHANGES = ("kept", "added", "removed", "renamed")
"""What is counted of faces."""

_SAME = 2.0  # pixels by which tools round the corners of a box
_OVERLAP = 0.5  # IoU from which a box is one that was filled in, moved


def compared(one: SuggestedPhoto, raw: RawAnnotation, changes: dict[str, int]) -> dict[str, Any]:
    """Count the faces of a photograph, and add to `changes` how they differ from those before.

    Returns
    -------
    ``counts`` by class; ``as_filled_in``: whether nothing was changed but for rounding;
    ``emptied``: whether faces were filled in and none is left.
    """
    faces = list(_inside(raw))
    counts = dict.fromkeys(CLASSES, 0)
    for name, _ in faces:
        counts[name] += 1
    pairs = sorted(
        ((_iou(box, before), m, n) for m, (_, box) in enumerate(faces)
         for n, (_, before) in enumerate(one.faces)),
        reverse=True,
    )  # fmt: skip
    old_of: dict[int, int] = {}
    for overlap, m, n in pairs:
        if overlap >= _OVERLAP and m not in old_of and n not in old_of.values():
            old_of[m] = n
    same = [m for m, n in old_of.items() if faces[m][0] == one.faces[n][0]]
    changes["kept"] += len(same)
    changes["renamed"] += len(old_of) - len(same)
    changes["added"] += len(faces) - len(old_of)
    changes["removed"] += len(one.faces) - len(old_of)
    untouched = len(same) == len(faces) == len(one.faces) and all(
        abs(a - b) <= _SAME
        for m in same
        for a, b in zip(faces[m][1], one.faces[old_of[m]][1], strict=True)
    )
    emptied = bool(one.faces) and not faces
    return {"counts": counts, "as_filled_in": untouched, "emptied": emptied}


def _inside(raw: RawAnnotation) -> Iterator[tuple[str, Box]]:
    """Yield the faces that have an area inside the photograph."""
    width, height = raw.size or (0, 0)
    for name, (x1, y1, x2, y2) in zip(raw.names, raw.boxes, strict=True):
        sides = min(x2, width) - max(x1, 0), min(y2, height) - max(y1, 0)
        if min(sides) >= LEAST_SIDE:
            yield name, (x1, y1, x2, y2)


def _iou(one: Box, other: Box) -> float:
    wide = min(one[2], other[2]) - max(one[0], other[0])
    high = min(one[3], other[3]) - max(one[1], other[1])
    if wide <= 0 or high <= 0:
        return 0.0
    both = sum((box[2] - box[0]) * (box[3] - box[1]) for box in (one, other))
    return wide * high / (both - wide * high)
