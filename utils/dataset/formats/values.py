"""Numbers and text of annotation files, read strictly."""

import codecs
import math
from collections.abc import Iterable

from utils.dataset.formats.annotation import Box
from utils.errors import InputError, brief

DECIMALS = 6
"""Decimals that are kept of a computed coordinate: sums and products of decimals end in noise after
15 digits."""


def number(text: str) -> float:
    """Return the finite number that `text` is, else NaN."""
    try:
        # Python would also take digits of other scripts, and underscores between them.
        value = float(text) if text.isascii() and "_" not in text else math.nan
    except ValueError:
        return math.nan
    return value if math.isfinite(value) else math.nan


def plain(value: float) -> str:
    """Write a number so that it reads as the same: whole without a point, never an exponent."""
    if value == int(value):
        return str(int(value))
    text = repr(float(value))
    if "e" not in text:
        return text
    exponent = int(text.partition("e")[2])
    return f"{value:.{17 - exponent}f}".rstrip("0")


def rounded(values: Iterable[float]) -> Box:
    """Round the four coordinates of a box that was computed to `DECIMALS`."""
    x1, y1, x2, y2 = (round(value, DECIMALS) for value in values)
    return x1, y1, x2, y2


def around(points: Iterable[tuple[float, float]]) -> Box:
    """Return the box around points."""
    xs, ys = zip(*points, strict=True)
    return min(xs), min(ys), max(xs), max(ys)


def decode_text(data: bytes, name: str, most: int) -> str:
    """Return the text of a file: UTF-8, or what its byte order mark says.

    Raises
    ------
    InputError
        If it has more than `most` bytes, or is no text.
    """
    if len(data) > most:
        raise InputError(f"{name}: has {len(data)} bytes, more than {most}; is it the right file?")
    marked = data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    try:
        text = data.decode("utf-16" if marked else "utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError(f"{name}: is no UTF-8 text ({brief(error)}); save it as UTF-8") from error
    if "\0" in text:
        raise InputError(f"{name}: holds NUL bytes, so it is no text; replace it")
    return text
