"""Faces that are too small to be judged on their own."""

from collections import Counter
from collections.abc import Iterable

from utils.dataset.formats.annotation import LEAST_SIDE, RawAnnotation
from utils.errors import InputError, number_of


def count_by_size(annotations: Iterable[RawAnnotation], smallest: int) -> tuple[int, Counter[str]]:
    """Return how many faces are too small to be cut out, and the others by class name.

    Parameters
    ----------
    annotations
        Each tells the size of its photograph.
    smallest
        Pixels of the shorter side, inside the photograph.
    """
    small, large = 0, Counter()
    for raw in annotations:
        width, height = raw.size
        for name, (x1, y1, x2, y2) in zip(raw.names, raw.boxes, strict=True):
            side = min(min(x2, width) - max(x1, 0), min(y2, height) - max(y1, 0))
            small += LEAST_SIDE <= side < smallest
            large[name] += side >= smallest
    return small, large


def too_few_are_large(where: object, small: int, large: int, smallest: int) -> InputError:
    """Return what to raise where the faces that are large enough are not of two classes."""
    return InputError(
        f"{where}: {number_of(small, 'face')} with a shorter side of less than "
        f"{smallest} pixels cannot be judged, and the other {large:,} "
        "are not of two classes; give larger photographs, or a lower --smallest-face"
    )
