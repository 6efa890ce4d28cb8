"""What an annotation file says of one photograph, before anything is mended."""

from dataclasses import dataclass

Box = tuple[float, float, float, float]
"""x1, y1, x2, y2 in pixels, zero-based, half-open."""

MAX_FACES = 5000
"""Most faces on one photograph; the fullest of WIDER FACE, a data set of crowds, has 1,968."""


LEAST_SIDE = 0.99
"""Shortest side of a face inside the image: a pixel, apart from rounding. What is smaller is a slip
of the mouse, or a share of the image in place of pixels."""


@dataclass(frozen=True, slots=True)
class RawAnnotation:
    """The boxes of a photograph as its file writes them: none is clipped, swapped or dropped.

    Attributes
    ----------
    names
        The class of each box, as the file spells it.
    boxes
        Finite, but else anything: corners may be reversed or outside the image. Where a format
        counts pixels from 1 (VOC), 1 is already taken from x1 and y1.
    size
        Width and height of the image, as the file tells them, possibly 0; None if it does not.
    left_out
        For each thing that the file marks and that is no box around one face ("crowd region",
        "skeleton", ...), what it is. The caller counts and tells them.
    """

    names: tuple[str, ...] = ()
    boxes: tuple[Box, ...] = ()
    size: tuple[int, int] | None = None
    left_out: tuple[str, ...] = ()
