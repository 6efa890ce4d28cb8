"""Where to write the labels of many boxes so that they hide neither each other nor the faces."""

from collections.abc import Callable, Sequence

import numpy as np

Rectangle = tuple[float, float, float, float]
Size = tuple[float, float]


def place_labels(
    boxes: np.ndarray, sizes: Sequence[Sequence[Size]], canvas: Size, gap: float = 1.0
) -> list[tuple[int, Rectangle]]:
    """Choose for each box one of its label's variants and a place beside the box.

    Greedy, in the order of `boxes`: of all places inside the canvas that touch no label placed
    before, the one that hides least of the other boxes, longer variants before shorter ones. Where
    there is none, the last (smallest) variant goes where it overlaps other labels least.

    Parameters
    ----------
    boxes
        Shape (N, 4): x1, y1, x2, y2 in pixels.
    sizes
        For each box the sizes (width, height) of its label's variants, the preferred one first.
    canvas
        Width and height in pixels.
    gap
        Pixels between box and label.

    Returns
    -------
    For each box the index of the variant and the label's rectangle.
    """
    placed = np.zeros((0, 4))
    result = []
    for number, (box, variants) in enumerate(zip(boxes, sizes, strict=True)):
        others = np.delete(boxes, number, axis=0)
        choice = _free_place(box, variants, others, placed, canvas, gap)
        result.append(choice)
        placed = np.vstack([placed, choice[1]])
    return result


def _free_place(
    box: np.ndarray,
    variants: Sequence[Size],
    others: np.ndarray,
    placed: np.ndarray,
    canvas: Size,
    gap: float,
) -> tuple[int, Rectangle]:
    for variant, size in enumerate(variants):
        # a long label that hides faces yields to a short one; the shortest may hide some
        bearable = np.inf if variant == len(variants) - 1 else 0.12 * size[0] * size[1]
        free = [
            (_overlap(place, others) + 0.01 * size[0] * size[1] * rank, place)
            for rank, place in enumerate(_places(box, size, gap))
            if _inside(place, canvas) and _overlap(place, placed) == 0
        ]
        if free and min(free)[0] <= bearable:
            return variant, min(free)[1]
    inside = [_moved_inside(place, canvas) for place in _places(box, variants[-1], gap)]
    cost: Callable[[Rectangle], float] = lambda place: _overlap(place, placed)  # noqa: E731
    return len(variants) - 1, min(inside, key=cost)


def _places(box: np.ndarray, size: Size, gap: float) -> list[Rectangle]:
    """Return places around a box, best first: above, below, beside, then inside."""
    x1, y1, x2, y2 = (float(value) for value in box)
    width, height = size
    middle = (x1 + x2 - width) / 2
    corners = [
        (x1, y1 - height - gap),
        (middle, y1 - height - gap),
        (x2 - width, y1 - height - gap),
        (x1, y2 + gap),
        (middle, y2 + gap),
        (x2 - width, y2 + gap),
        (x2 + gap, y1),
        (x1 - width - gap, y1),
        (x2 + gap, y2 - height),
        (x1 - width - gap, y2 - height),
        (x1, y1),
        (x1, y2 - height),
    ]
    return [(x, y, x + width, y + height) for x, y in corners]


def _inside(place: Rectangle, canvas: Size) -> bool:
    return place[0] >= 0 and place[1] >= 0 and place[2] <= canvas[0] and place[3] <= canvas[1]


def _moved_inside(place: Rectangle, canvas: Size) -> Rectangle:
    x = max(0.0, min(place[0], canvas[0] - (place[2] - place[0])))
    y = max(0.0, min(place[1], canvas[1] - (place[3] - place[1])))
    return x, y, x + place[2] - place[0], y + place[3] - place[1]


def _overlap(place: Rectangle, others: np.ndarray) -> float:
    """Return the area in square pixels that `place` shares with `others`, shape (N, 4)."""
    if not len(others):
        return 0.0
    sides = np.minimum(place[2:], others[:, 2:]) - np.maximum(place[:2], others[:, :2])
    return float(sides.clip(0).prod(axis=1).sum())
