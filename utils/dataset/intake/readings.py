"""What else than corners in pixels the four numbers of boxes may mean, over a whole data set."""

import math
from array import array
from collections import Counter
from collections.abc import Callable
from typing import NamedTuple

from utils.dataset.formats.annotation import Box
from utils.dataset.image_header import Header

_NEARLY_ALL = 0.95
"""Share of the boxes that must make sense in a reading for it to be named."""


class Reading(NamedTuple):
    """What the four numbers of a box may mean in place of corners in pixels.

    `format` is the only one where it happens (None: any), `reshapes` says whether boxes get other
    shapes by it.
    """

    words: str
    format: str | None
    reshapes: bool
    read: Callable[[Box, Header], Box]


def _sides(box: Box, header: Header) -> Box:
    return box[0], box[1], box[0] + box[2], box[1] + box[3]


def _corners(box: Box, header: Header) -> Box:
    return box[0], box[1], box[2] - box[0], box[3] - box[1]


def _corners_for_centre(box: Box, header: Header) -> Box:
    x1, y1, x2, y2 = box
    return (x1 + x2) / 2, (y1 + y2) / 2, x2 - x1, y2 - y1


def _pixels(box: Box, header: Header) -> Box:
    width, height = header.width, header.height
    return box[0] / width, box[1] / height, box[2] / width, box[3] / height


def _crossed(box: Box, header: Header) -> Box:
    return box[1], box[0], box[3], box[2]


READINGS = (
    Reading("width and height in place of the second corner", "voc", True, _sides),
    Reading("width and height in place of the second corner", "cvat", True, _sides),
    Reading("a second corner in place of width and height", "coco", True, _corners),
    Reading("corners in place of centre and size", "yolo", True, _corners_for_centre),
    Reading("pixels in place of shares of the image", "yolo", False, _pixels),
    Reading("x and y the other way round", None, False, _crossed),
)


class _Shapes:
    """How much the shapes of boxes vary; faces are alike, misread numbers are not."""

    def __init__(self) -> None:
        self._aspects, self._areas = array("d"), array("d")

    def add(self, width: float, height: float) -> None:
        if width > 0 and height > 0:
            self._aspects.append(math.log(width / height))
            self._areas.append(math.log(width * height))

    def spread(self) -> float:
        """Return the mean deviation of the aspect, and a little of that of the area."""
        return _deviation(self._aspects) + _deviation(self._areas) / 8


def _deviation(values: array) -> float:
    if not values:
        return math.inf
    middle = sorted(values)[len(values) // 2]
    return sum(abs(value - middle) for value in values) / len(values)


class Readings:
    """Counts, for each way to read the numbers, how many boxes would make sense.

    Nearly all must lie inside their photographs. That alone may be chance: shapes must also vary
    less than as the files are written, since faces are alike and misread numbers are not.

    Parameters
    ----------
    format
        A key of `utils.dataset.intake.layout.FORMATS`.
    """

    def __init__(self, format: str) -> None:
        self._readings = [one for one in READINGS if one.format in (None, format)]
        self._boxes = 0
        self._fits: Counter[Reading] = Counter()
        self._written = _Shapes()
        self._shapes = {reading: _Shapes() for reading in self._readings}

    def weigh(self, box: Box, header: Header) -> None:
        """Take one box into account, as corners on the upright photograph."""
        x1, y1, x2, y2 = box
        self._boxes += 1
        self._written.add(abs(x2 - x1), abs(y2 - y1))
        for reading in self._readings:
            a, b, c, d = reading.read(box, header)
            if -1 <= a < c <= header.width + 1 and -1 <= b < d <= header.height + 1:
                self._fits[reading] += 1
                self._shapes[reading].add(c - a, d - b)

    def likely(self) -> str | None:
        """Return, in words, how else the numbers would make sense; None if in no other way."""
        written = self._written.spread()
        for reading, count in self._fits.most_common():
            alike = not reading.reshapes or self._shapes[reading].spread() < written
            if alike and count >= _NEARLY_ALL * self._boxes:
                return reading.words
        return None
