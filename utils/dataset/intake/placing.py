"""On what a file draws its boxes: the upright photograph, that before its EXIF turn, or a copy.

The size that an annotation tells is often wrong: zero, that of another photograph, or one for all.
Only the boxes of the whole set show whether it may be believed.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

from utils.dataset.formats.annotation import Box, RawAnnotation
from utils.dataset.formats.values import rounded
from utils.dataset.image_header import Header, turn

_SAME = 0.01  # a factor so near to 1 is a slip, and no copy of another size
_SLIP = 0.02  # of a side: boxes end so far outside by chance
_FEW = 0.01  # of the boxes end where they cannot, whatever is believed
_MANY = 0.05  # of the boxes: when more end outside the size that is told, it is none of theirs
_SURE = 10.0
"""Boxes on a copy that is larger by a factor f reach beyond the photograph. The chance that none of
n does is about exp(-n log f); from this exponent on it is none."""


@dataclass
class _Votes:
    """What the boxes say of sizes that are told as larger, or as smaller, than the photograph."""

    boxes: int = 0
    beyond: int = 0  # that reach beyond the smaller of both sizes, and not beyond the larger
    surprise: float = 0.0


class Placing:
    """Takes boxes to the upright photographs, and counts what it did.

    Attributes
    ----------
    scaled, turned
        Photographs whose boxes were scaled from a copy's size, or turned with the photograph.
    differ
        Photographs whose annotation tells another size, where boxes were left as they are.
    turn_untold
        Photographs with faces that are to be turned, of which no size tells whether the boxes were
        drawn before or after that: they are taken as drawn on the upright one.
    """

    def __init__(self) -> None:
        self.scaled = self.turned = self.differ = self.turn_untold = 0
        self._larger, self._smaller = _Votes(), _Votes()

    def look(self, raw: RawAnnotation, header: Header) -> None:
        """Let the boxes of a photograph say whether the size that its annotation tells is right."""
        picture, factors, _ = _differs(raw.size, header)
        if factors is None or raw.size is None or not raw.boxes:
            return
        larger = raw.size[0] > picture[0]
        votes = self._larger if larger else self._smaller
        small, large = (picture, raw.size) if larger else (raw.size, picture)
        beyond = sum(_beyond(box, small) and not _beyond(box, large) for box in raw.boxes)
        votes.boxes += len(raw.boxes)
        votes.beyond += beyond
        votes.surprise += len(raw.boxes) * abs(math.log(factors[0]))

    def of(self, raw: RawAnnotation, header: Header) -> Callable[[Box], Box]:
        """Return what takes a box from where the file draws it to the upright photograph."""
        upright = (header.width, header.height)
        told = raw.size if raw.size and min(raw.size) > 0 else None
        if header.orientation != 1 and raw.boxes and _untold(told, header):
            self.turn_untold += 1
        if told is None or told == upright:
            return lambda box: box
        picture, factors, turned = _differs(told, header)
        if factors is None and told != picture:
            self.differ += 1
            return lambda box: box
        if factors and not self._believed(told[0] > picture[0]):
            self.differ += 1
            factors = None
        across, down = factors or (1.0, 1.0)
        self.turned += turned
        self.scaled += factors is not None

        def place(box: Box) -> Box:
            box = rounded((box[0] * across, box[1] * down, box[2] * across, box[3] * down))
            return turn(box, header.orientation, *upright) if turned else box

        return place

    def _believed(self, larger: bool) -> bool:
        if larger:
            few = self._larger.beyond <= _FEW * self._larger.boxes
            return not (few and self._larger.surprise > _SURE)
        return self._smaller.beyond <= _MANY * self._smaller.boxes


def _untold(told: tuple[int, int] | None, header: Header) -> bool:
    """Return whether a size leaves open if boxes were drawn before or after the EXIF turn."""
    return told is None or header.stored_size == (header.width, header.height)


def _differs(
    told: tuple[int, int] | None, header: Header
) -> tuple[tuple[int, int], tuple[float, float] | None, bool]:
    """Return the size of the picture that is meant, by what it differs, and whether it is turned.

    The factors are None where both sizes are the same, or differ by no one factor.
    """
    upright, stored = (header.width, header.height), header.stored_size
    if told is None or min(told) <= 0 or told == upright:
        return upright, None, False
    if told == stored:
        return stored, None, True
    if factors := _factors(told, upright):
        return upright, factors, False
    if stored != upright and (factors := _factors(told, stored)):
        return stored, factors, True
    return upright, None, False


def _factors(told: tuple[int, int], size: tuple[int, int]) -> tuple[float, float] | None:
    """Return the factors from one size to the other where both are one, apart from rounding."""
    across, down = size[0] / told[0], size[1] / told[1]
    if max(abs(across - 1), abs(down - 1)) < _SAME:
        return None
    off = abs(told[0] * down - size[0]), abs(told[1] * across - size[1])
    return (across, down) if off[0] <= max(1.0, down) and off[1] <= max(1.0, across) else None


def _beyond(box: Box, size: tuple[int, int]) -> bool:
    x, y = max(box[0], box[2]), max(box[1], box[3])
    return x > size[0] * (1 + _SLIP) or y > size[1] * (1 + _SLIP)
