"""YOLO: one text file a photograph, a line a face: class index, centre, width and height.

Coordinates are shares of the width and height of the image, which the file does not tell. A line
with more numbers is a polygon (Ultralytics' segmentation, oriented boxes) or has a confidence at
its end (exported predictions). Key points have no mark of their own: `kpt_shape` in ``data.yaml``
alone tells them from polygons.
"""

import math
from collections.abc import Sequence

from utils.dataset.formats.annotation import MAX_FACES, Box, RawAnnotation
from utils.dataset.formats.values import around, decode_text, number, plain, rounded
from utils.dataset.formats.yolo_names import Names
from utils.errors import InputError, brief

MAX_BYTES = 4 * 1024**2
"""Largest file of a photograph's labels; a polygon of 100 corners takes 2,000 bytes."""

_LEAST_DECIMALS = 5
"""Of what tools write, most six; a line with less has zeros at its ends that are not written."""


def parse(data: bytes, name: str, class_names: Names, width: int, height: int) -> RawAnnotation:
    """Read a YOLO file; an empty one is a photograph without faces.

    Corners that lie beside a whole pixel by no more than the rounding of the decimals written are
    put on it, so that boxes drawn on whole pixels are read as they were drawn.

    Parameters
    ----------
    data
        The bytes of the text file.
    name
        What to call the file in an error.
    class_names
        What the class indices mean (see `utils.dataset.formats.yolo_names`).
    width, height
        Size in pixels of the upright image, on which the boxes were drawn.

    Raises
    ------
    InputError
        If the file is no text, a line is not of the form above, a class index has no name, or
        there are more than `MAX_FACES` lines; it names the file, the line and the fix.
    """
    names, boxes = [], []
    for count, line in enumerate(decode_text(data, name, MAX_BYTES).splitlines(), start=1):
        fields = line.split()
        if not fields:
            continue
        where = f"{name}: line {count}"
        if len(names) == MAX_FACES:
            raise InputError(f"{where}: more than {MAX_FACES} faces; cut the photograph into parts")
        names.append(_class_name(fields[0], class_names, where))
        values = [_number(field, where) for field in fields[1:]]
        x1, y1, x2, y2 = _box(values, class_names, where)
        off = _rounding(fields[1:])
        pixels = (_snap(x1, width, off), _snap(y1, height, off))
        boxes.append(rounded((*pixels, _snap(x2, width, off), _snap(y2, height, off))))
    return RawAnnotation(tuple(names), tuple(boxes))


def write(
    width: int,
    height: int,
    names: Sequence[str],
    boxes: Sequence[Sequence[float]],
    class_names: Sequence[str],
) -> bytes:
    """Write the YOLO file of a photograph; the index of a class is its place in `class_names`."""
    lines = []
    for name, (x1, y1, x2, y2) in zip(names, boxes, strict=True):
        shares = ((x1 + x2) / 2 / width, (y1 + y2) / 2 / height, (x2 - x1) / width)
        values = " ".join(plain(value) for value in (*shares, (y2 - y1) / height))
        lines.append(f"{class_names.index(name)} {values}\n")
    return "".join(lines).encode()


def _class_name(text: str, class_names: Names, where: str) -> str:
    value = number(text)  # some tools write 1.0
    if math.isnan(value) or value != int(value):
        raise InputError(
            f"{where}: field 1 is '{brief(text)}', expected the index of a class (0, 1, ...)"
        )
    try:
        return class_names.by_index[int(value)]
    except KeyError:
        raise InputError(
            f"{where}: field 1 is class {brief(text)}, which {class_names.told_by} does not name; "
            f"it names {class_names}; add it there, or mend the line"
        ) from None


def _number(text: str, where: str) -> float:
    value = number(text)
    if math.isnan(value):
        comma = " (it takes a point, not a comma)" if "," in text else ""
        raise InputError(f"{where}: '{brief(text)}' is no number{comma}; mend or remove the line")
    return value


def _box(values: list[float], class_names: Names, where: str) -> Box:
    """Return the corners, in shares of the image."""
    count, points = len(values), class_names.points
    confident = count - 1  # with a confidence at the end
    if 4 in (count, confident) or (points and 4 + points in (count, confident)):
        x, y, width, height = values[:4]
        return x - width / 2, y - height / 2, x + width / 2, y + height / 2
    if points or count < 6:
        expected = f"5 fields, or {5 + points} with key points" if points else "5 fields"
        raise InputError(
            f"{where}: has {count + 1} fields, expected {expected} (class, x, y, width, height); "
            "mend or remove the line"
        )
    if count == 6 and values[5] >= 2 and values[5].is_integer():
        raise InputError(
            f"{where}: has 7 fields, the last of which is {values[5]:.0f}: the number of a track, "
            "as Ultralytics' track mode writes it, and no corner; remove that field from each line"
        )
    corners = values[: count // 2 * 2]
    return around(zip(corners[::2], corners[1::2], strict=True))


def _rounding(fields: list[str]) -> float:
    """Return by how much a corner is off where centre, width and height are rounded."""
    decimals = max(len(field.partition(".")[2]) for field in fields)
    return 0.75 * 10.0 ** -max(decimals, _LEAST_DECIMALS)


def _snap(share: float, length: int, off: float) -> float:
    value = share * length
    whole = round(value)
    return float(whole) if abs(value - whole) <= off * length else value
