"""Boxes that cannot be: mended one by one, judged as a whole."""

import numpy as np
import pytest

from utils.dataset.annotation import fit
from utils.dataset.formats.annotation import RawAnnotation
from utils.dataset.image_header import Header
from utils.dataset.intake.boxes import Boxes
from utils.errors import InputError

HEADER = Header(200, 100, 1)
FACE = (20, 10, 60, 70)


def mend(*boxes, header=HEADER, size=None, format="coco", whole=None):
    whole = whole or Boxes(format)
    names = ("with_mask",) * len(boxes)
    raw, faces = whole.mend(RawAnnotation(names, boxes, size), header, "a.xml")
    return raw.boxes, whole.mended, faces


def test_what_is_right_is_left_as_it_is():
    boxes, mended, faces = mend(FACE, (0, 0, 200, 100))
    assert boxes == (FACE, (0, 0, 200, 100))
    assert (mended.boxes, mended.swapped, mended.clipped, mended.dropped) == (2, 0, 0, 0)
    assert faces == {"with_mask": 2}


@pytest.mark.parametrize("box", [(60, 10, 20, 70), (20, 70, 60, 10), (60, 70, 20, 10)])
def test_reversed_corners_are_put_in_order(box):
    boxes, mended, _ = mend(box)
    assert boxes == (FACE,) and mended.swapped == 1


def test_of_voc_the_one_was_taken_from_the_larger_corner():
    boxes, _, _ = mend((59, 69, 21, 11), format="voc")  # xmin=60, ymin=70, xmax=21, ymax=11
    assert boxes == (FACE,)


@pytest.mark.parametrize(
    ("told", "scaled"),
    [
        ((400, 200), True),
        ((100, 50), True),
        ((300, 150), True),
        ((267, 133), True),  # rounded
        ((201, 100), False),
        ((400, 250), False),
        ((100, 200), False),
        ((0, 0), False),
    ],
)
def test_boxes_are_scaled_by_one_factor_alone(told, scaled):
    drawn = tuple(value * told[0] / 200 for value in FACE)
    whole = Boxes("coco")
    boxes, _, _ = mend(drawn, size=told, whole=whole)
    assert whole.placing.scaled == scaled
    assert whole.placing.differ == (not scaled and told != (0, 0))
    np.testing.assert_allclose(boxes[0], FACE if scaled else drawn, atol=0.3)


@pytest.mark.parametrize("orientation", [5, 6, 7, 8])
def test_a_turn_is_that_of_the_jobs(orientation):
    header = Header(100, 200, orientation)
    whole, both = Boxes("coco"), Boxes("coco")
    boxes, _, _ = mend(FACE, header=header, size=(200, 100), whole=whole)
    raw = RawAnnotation(("with_mask",), (FACE,), (200, 100))
    wanted = fit(raw, "a", 100, 200, orientation).faces.boxes[0]
    assert boxes[0] == tuple(wanted.tolist()) and whole.placing.turned == 1
    larger = tuple(2 * value for value in FACE)
    again, _, _ = mend(larger, header=header, size=(400, 200), whole=both)
    assert again == boxes and (both.placing.turned, both.placing.scaled) == (1, 1)


def test_a_box_twice_is_dropped_and_one_of_another_class_is_not():
    whole = Boxes("coco")
    raw = RawAnnotation(("a", "a", "b"), (FACE, FACE, FACE))
    kept, faces = whole.mend(raw, HEADER, "x")
    assert kept.names == ("a", "b") and faces == {"a": 1, "b": 1}
    assert whole.mended.duplicates == 1


def test_boxes_outside_are_counted_by_how_far():
    _, mended, faces = mend(FACE, (190, 0, 205, 20), (190, 0, 220, 20), (300, 0, 310, 9))
    assert (mended.clipped, mended.halved, mended.dropped) == (2, 1, 1)
    assert faces == {"with_mask": 3}


def test_a_few_bad_boxes_pass_and_more_stop():
    whole = Boxes("coco")
    for _ in range(95):
        mend(FACE, whole=whole)
    for _ in range(5):
        mend((300, 0, 310, 9), whole=whole)
    whole.check("set", allow=False)
    mend((300, 0, 310, 9), whole=whole)
    with pytest.raises(InputError, match=r"of 101 boxes, 6 have no area .*--allow-bad-boxes"):
        whole.check("set", allow=False)
    whole.check("set", allow=True)


def faces(count, seed=0):
    """Boxes as faces have them: of many sizes, hardly of other shapes."""
    rng = np.random.default_rng(seed)
    for _ in range(count):
        height = rng.uniform(15, 50)
        width = height * rng.uniform(0.7, 0.9)
        x, y = rng.uniform(0, 200 - width), rng.uniform(0, 100 - height)
        yield x, y, x + width, y + height


@pytest.mark.parametrize("share", [0.2, 0.5, 1.0])
def test_many_reversed_corners_are_never_taken_for_sizes(share):
    for seed in range(20):
        whole = Boxes("voc")
        for number, (x1, y1, x2, y2) in enumerate(faces(30, seed)):
            back = number < share * 30
            mend((x2, y2, x1, y1) if back else (x1, y1, x2, y2), whole=whole)
        whole.check("set", allow=False)


@pytest.mark.parametrize(
    ("format", "wrong", "words"),
    [
        ("voc", lambda a, b, c, d: (a, b, c - a, d - b), "width and height in place"),
        ("cvat", lambda a, b, c, d: (a, b, c - a, d - b), "width and height in place"),
        ("coco", lambda a, b, c, d: (a, b, a + c, b + d), "a second corner in place of width"),
        (
            "yolo",
            lambda a, b, c, d: (a - c / 2, b - d / 2, a + c / 2, b + d / 2),
            "corners in place of centre",
        ),
        ("coco", lambda a, b, c, d: (b, a, d, c), "x and y the other way round"),
    ],
)
def test_what_the_numbers_mean_is_said(format, wrong, words):
    for seed in range(20):
        whole = Boxes(format)
        for box in faces(60, seed):
            mend(wrong(*box), whole=whole, format=format)
        with pytest.raises(InputError, match=words):
            whole.check("set", allow=False)


def test_shares_of_the_image_are_recognised_and_single_pixels_are_not():
    whole = Boxes("coco")
    for a, b, c, d in faces(20):
        mend((a / 200, b / 100, c / 200, d / 100), whole=whole)
    with pytest.raises(InputError, match=r"20 of 20 boxes lie within 0\.\.1"):
        whole.check("set", allow=False)
    pixels = Boxes("coco")
    for _ in range(19):
        mend(FACE, whole=pixels)
    _, mended, _ = mend((0, 0, 1, 1), whole=pixels)
    pixels.check("set", allow=False)
    assert mended.dropped == 0


def test_a_few_shares_among_pixels_are_no_faces():
    whole = Boxes("voc")
    for _ in range(99):
        mend(FACE, whole=whole, format="voc")
    _, mended, kept = mend((-0.9, -0.8, 0.4, 0.7), whole=whole, format="voc")
    assert (mended.dropped, kept.total()) == (1, 0)
    whole.check("set", allow=False)
