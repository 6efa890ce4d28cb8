"""Sizes that annotations tell: believed, unless the boxes of the whole set speak against them."""

import numpy as np
import pytest

from utils.dataset.formats.annotation import RawAnnotation
from utils.dataset.image_header import Header
from utils.dataset.intake.placing import Placing

UPRIGHT = Header(400, 400, 1)


def spread(count, width, height, stray=0):
    """Faces all over a picture, `stray` of them outside."""
    rng = np.random.default_rng(1)
    for number in range(count):
        side = rng.uniform(0.05, 0.3) * min(width, height)
        x, y = rng.uniform(0, width - side), rng.uniform(0, height - side)
        move = 10 * width if number < stray else 0
        yield tuple(round(value, 3) for value in (x + move, y, x + move + side, y + side))


def place(faces, told, header=UPRIGHT):
    """Return the boxes as placed one a photograph, and what was counted."""
    placing = Placing()
    raws = [RawAnnotation(("a",), (box,), told) for box in faces]
    for raw in raws:
        placing.look(raw, header)
    return [placing.of(raw, header)(raw.boxes[0]) for raw in raws], placing


@pytest.mark.parametrize("told", [(100, 100), (200, 200), (350, 350), (440, 440), (4000, 4000)])
@pytest.mark.parametrize("stray", [0, 1])
def test_a_size_is_believed_where_boxes_fill_it(told, stray):
    faces = list(spread(60, *told, stray=stray))
    boxes, placing = place(faces, told)
    assert (placing.scaled, placing.differ) == (60, 0)
    factor = 400 / told[0]
    assert boxes[9] == pytest.approx([factor * value for value in faces[9]])


@pytest.mark.parametrize("told", [(100, 100), (200, 200), (600, 600), (800, 800), (4000, 4000)])
def test_one_size_for_all_is_not_believed_where_boxes_lie_otherwise(told):
    faces = list(spread(60, 400, 400))
    boxes, placing = place(faces, told)
    assert boxes == faces
    assert (placing.scaled, placing.differ) == (0, 60)


def test_few_boxes_are_no_reason_to_doubt_a_larger_size():
    _, placing = place(list(spread(5, 400, 400)), (800, 800))
    assert placing.scaled == 5


def test_the_size_before_the_turn_is_judged_in_that_frame():
    header = Header(300, 400, 6)  # stored 400 x 300
    faces = list(spread(60, 400, 300))
    boxes, placing = place(faces, (100, 75), header)
    assert (placing.scaled, placing.turned, placing.differ) == (0, 60, 60)
    x1, y1, x2, y2 = faces[0]
    assert boxes[0] == pytest.approx((300 - y2, x1, 300 - y1, x2))


@pytest.mark.parametrize(
    ("header", "told", "untold"),
    [
        (Header(300, 400, 6), None, 1),
        (Header(300, 400, 6), (0, 0), 1),
        (Header(300, 400, 6), (400, 300), 0),
        (Header(300, 400, 6), (300, 400), 0),
        (Header(400, 400, 8), (400, 400), 1),
        (Header(300, 400, 3), (300, 400), 1),
        (Header(300, 400, 1), None, 0),
    ],
)
def test_turns_that_no_size_tells_of_are_counted(header, told, untold):
    placing = Placing()
    for boxes in ((), ((1, 1, 9, 9),)):
        placing.of(RawAnnotation(("a",) * len(boxes), boxes, told), header)
    assert placing.turn_untold == untold
