"""The version of a data set: a digest of what it shows, in whatever format, order or folder.

It covers the bytes of the photographs, the classes and boxes of their faces as jobs see them, and
the sides that the data come split into. It covers no names of files: the same photographs under
other names are the same version.
"""

import hashlib
import json
import math
from collections.abc import Iterable, Mapping, Sequence

from utils.dataset.formats.annotation import LEAST_SIDE
from utils.dataset.splitting import SIDES

Face = tuple[str, int, int, int, int]
"""Class, and x1, y1, x2, y2 in quarters of a pixel."""

_SCHEMA = 1
_QUARTERS = 4
_UP = 0.54
"""Where a quarter of a pixel begins: a little off the middle, because middles (eighths) and
numbers of two decimals are what files hold, and would fall to either side of it by rounding."""


def canonical_faces(
    names: Sequence[str], boxes: Sequence[Sequence[float]], width: int, height: int
) -> list[Face]:
    """Return the faces of a photograph in the one form that a version is made of.

    Boxes are cut at the border, and left out where less than a pixel is inside, as jobs do. They
    are put on quarters of a pixel: formats that hold shares of the image (YOLO) write a box with
    another rounding than those that hold pixels.

    Parameters
    ----------
    names
        Our class of each box.
    boxes
        x1, y1, x2, y2 in pixels of the upright photograph, zero-based, half-open.
    width, height
        Of the upright photograph, in pixels.
    """
    faces = []
    for name, (x1, y1, x2, y2) in zip(names, boxes, strict=True):
        left, top = max(x1, 0.0), max(y1, 0.0)
        right, bottom = min(x2, float(width)), min(y2, float(height))
        if min(right - left, bottom - top) >= LEAST_SIDE:
            corners = (left, top, right, bottom)
            faces.append((name, *(math.floor(_QUARTERS * at + _UP) for at in corners)))
    return sorted(faces)


def box_of(face: Face) -> tuple[float, float, float, float]:
    """Return the box of a face in pixels: x1, y1, x2, y2."""
    x1, y1, x2, y2 = (at / _QUARTERS for at in face[1:])
    return x1, y1, x2, y2


def version_of(photos: Iterable[tuple[str, Sequence[Face], str | None]]) -> str:
    """Return the version of photographs: SHA-256 in hexadecimal.

    Parameters
    ----------
    photos
        Of each the SHA-256 of its file, its faces (`canonical_faces`), and the side that it came
        on. Sides count where they are a whole split: all there, and no photograph on none.
    """
    rows = [(digest, side, list(map(list, faces))) for digest, faces, side in photos]
    if not is_split(side for _, side, _ in rows):
        rows = [(digest, None, faces) for digest, _, faces in rows]
    told = hashlib.sha256(json.dumps({"schema": _SCHEMA}).encode())
    for line in sorted(json.dumps(row, separators=(",", ":")) for row in rows):
        told.update(b"\n" + line.encode())
    return told.hexdigest()


def is_split(sides: Iterable[str | None]) -> bool:
    """Return whether photographs come split: every side is there, and none lies on no side."""
    return set(sides) == set(SIDES)


def whole_split(sides: Mapping[str, str | None]) -> dict[str, str]:
    """Return the side of each photograph by its name; empty where they do not come split."""
    kept = {name: side for name, side in sides.items() if side is not None}
    return kept if is_split(sides.values()) else {}
