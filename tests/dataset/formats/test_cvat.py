"""CVAT files: every shape, and errors that name image, shape and field."""

import math
import time

import pytest

from utils.dataset.formats import cvat as reader
from utils.dataset.formats.cvat import parse
from utils.errors import InputError


def image(*shapes: str, name: str = "a.jpg", size: str = 'width="100" height="80"') -> str:
    return f'<image id="0" name="{name}" {size} subset="train">{"".join(shapes)}</image>'


def cvat(*images: str) -> bytes:
    meta = "<version>1.1</version><meta><task><name>image</name></task></meta>"
    return f"<?xml version='1.0'?><annotations>{meta}{''.join(images)}</annotations>".encode()


def box(*corners: object, more: str = "") -> str:
    x1, y1, x2, y2 = corners or (10.5, 20, 30, 40)
    return f'<box label="mask" xtl="{x1}" ytl="{y1}" xbr="{x2}" ybr="{y2}" z_order="0" {more}/>'


def one(shape: str) -> tuple[float, ...]:
    return parse(cvat(image(shape)), "a.xml")["a.jpg"].boxes[0]


def test_boxes_are_read_as_they_stand():
    found = parse(cvat(image(box(), box(90, -5, 120, 3)), image(name="s/b.jpg", size="")), "a.xml")
    assert found["a.jpg"].boxes == ((10.5, 20, 30, 40), (90, -5, 120, 3))
    assert found["a.jpg"].names == ("mask", "mask") and found["a.jpg"].size == (100, 80)
    assert found["s/b.jpg"].boxes == () and found["s/b.jpg"].size is None


@pytest.mark.parametrize(
    ("shape", "expected"),
    [
        ('<polygon label="m" points="10,20;30.5,20;20,60.25"/>', (10, 20, 30.5, 60.25)),
        ('<polyline label="m" points="30,20;10,60"/>', (10, 20, 30, 60)),
        ('<ellipse label="m" cx="50" cy="40" rx="20" ry="10"/>', (30, 30, 70, 50)),
        ('<ellipse label="m" cx="50" cy="40" rx="20" ry="10" rotation="90"/>', (40, 20, 60, 60)),
        ('<mask label="m" rle="3, 4" left="10" top="20" width="30" height="5"/>', (10, 20, 40, 25)),
        (box(30, 30, 70, 50, more='rotation="90.0"'), (40, 20, 60, 60)),
        (box(30, 30, 70, 50, more='rotation="180"'), (30, 30, 70, 50)),
        (box(30, 30, 70, 50, more='rotation="0.0"'), (30, 30, 70, 50)),
        (box(more='occluded="1"') + "<attribute/>", (10.5, 20, 30, 40)),
        (
            '<box label="m" xtl="1" ytl="2" xbr="3" ybr="4"><attribute>b</attribute></box>',
            (1, 2, 3, 4),
        ),
    ],
)
def test_each_shape_becomes_the_box_around_it(shape, expected):
    shape = shape.replace("<attribute/>", "")
    assert one(shape) == pytest.approx(expected, abs=1e-6)


def test_a_turned_box_is_held_whole():
    half = 10 * math.sqrt(2)
    assert one(box(40, 30, 60, 50, more='rotation="45"')) == pytest.approx(
        (50 - half, 40 - half, 50 + half, 40 + half), abs=1e-6
    )


def test_what_is_no_outline_is_left_out_and_told():
    shapes = [
        '<points label="m" points="1,2"/>',
        '<tag label="indoor"/>',
        '<cuboid label="m" xtl1="1"/>',
        '<skeleton label="m"><points label="1" points="1,2"/></skeleton>',
        box(more='outside="1"'),
    ]
    raw = parse(cvat(image(box(), *shapes)), "a.xml")["a.jpg"]
    assert len(raw.boxes) == 1
    assert raw.left_out == ("points", "tag", "cuboid", "skeleton", "shape outside the picture")


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (cvat('<track id="0" label="m"><box frame="0"/></track>'), "is 'CVAT for video'"),
        (b"<annotations><track>" + b"<a>" * 90, "is 'CVAT for video'"),
        (cvat(image(box()), image(box())), "image 'a.jpg' stands twice"),
        (cvat(image(box("a", 1, 2, 3))), "image 'a.jpg': shape 1 (box): field 'xtl' is 'a'"),
        (cvat(image(box("nan", 1, 2, 3))), "field 'xtl' is 'nan'"),
        (cvat(image(box(1, 1, 2, "1e999"))), "field 'ybr' is '1e999'"),
        (cvat(image(box(), '<box label="m" xtl="1"/>')), "shape 2 (box): field 'ytl' is missing"),
        (cvat(image('<box xtl="1" ytl="1" xbr="2" ybr="2"/>')), "field 'label' is missing"),
        (cvat(image('<polygon label="m" points="1,2;3"/>')), "field 'points' is not"),
        (cvat(image('<polygon label="m" points="1,2;x,3"/>')), "field 'points' is not"),
        (cvat(image('<polygon label="m"/>')), "field 'points' is missing"),
        (cvat(image("<star/>")), "shape 1 (star): is no shape of CVAT"),
        (cvat("<image/>"), "image 1: field 'name' is missing"),
        (cvat(image(box(more='rotation="x"'))), "field 'rotation' is 'x'"),
        (b"<annotations/>", "has no 'image' in 'annotations'"),
        (b"<annotation/>", "no 'annotations' element at the top; not a CVAT file"),
        (b"<!DOCTYPE a [<!ENTITY e 'x'>]><annotations/>", "has a DOCTYPE"),
        (b"<annotations><image>", "not well-formed"),
        (b"", "is empty"),
        (b'<annotations xmlns="u"/>', "has a namespace"),
    ],
)
def test_a_wrong_file_is_named_with_image_shape_and_field(data, message):
    with pytest.raises(InputError) as caught:
        parse(data, "a.xml")
    assert str(caught.value).startswith("a.xml: ") and message in str(caught.value)
    assert str(caught.value).isprintable() and len(str(caught.value)) < 400


def test_a_task_without_photographs_has_none():
    assert parse(cvat(), "a.xml") == {}


def test_the_faces_of_a_photograph_are_bounded(monkeypatch):
    monkeypatch.setattr(reader, "MAX_FACES", 3)
    assert len(parse(cvat(image(*[box()] * 3)), "a.xml")["a.jpg"].boxes) == 3
    with pytest.raises(InputError, match=r"image 'a\.jpg': has more than 3 faces"):
        parse(cvat(image(*[box()] * 4)), "a.xml")


def test_100_000_faces_take_bounded_time():
    data = cvat(*(image(*[box()] * 5, name=f"{n}.jpg") for n in range(20_000)))
    start = time.process_time()
    found = parse(data, "a.xml")
    assert time.process_time() - start < 15
    assert len(found) == 20_000 and all(len(raw.boxes) == 5 for raw in found.values())
