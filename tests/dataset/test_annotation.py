"""Annotations of jobs: coordinates, mending, and errors that name file and field."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from utils.dataset.annotation import fit, read_voc, write_voc
from utils.dataset.faces import Faces
from utils.dataset.formats.annotation import RawAnnotation
from utils.errors import InputError

W, H = 100, 80


def voc(*objects: str, size: tuple[int, int] = (W, H)) -> bytes:
    return (
        f"<annotation><size><width>{size[0]}</width><height>{size[1]}</height></size>"
        f"{''.join(objects)}</annotation>"
    ).encode()


def face(*corners: object, name: str = "with_mask", extra: str = "") -> str:
    tags = zip(("xmin", "ymin", "xmax", "ymax"), corners, strict=True)
    box = "".join(f"<{tag}>{value}</{tag}>" for tag, value in tags if value is not None)
    return f"<object>{extra}<name>{name}</name><bndbox>{box}</bndbox></object>"


def boxes(data: bytes, **options) -> list:
    return read_voc(data, "a.xml", W, H, **options).faces.boxes.tolist()


def test_inclusive_one_based_becomes_half_open_zero_based():
    assert boxes(voc(face(1, 1, 10, 20))) == [[0, 0, 10, 20]]


def test_the_narrowest_box_is_one_pixel_wide():
    assert boxes(voc(face(5, 5, 5, 9))) == [[4, 4, 5, 9]]


def test_classes_become_ids_in_the_order_of_the_file():
    data = voc(
        *(face(1, 1, 9, 9, name=n) for n in ("mask_weared_incorrect", "with_mask", "without_mask"))
    )
    assert read_voc(data, "a.xml", W, H).faces.labels.tolist() == [3, 1, 2]


def test_a_box_over_the_border_is_clipped_and_counted():
    annotation = read_voc(voc(face(91, -3, W + 1, 20), face(2, 2, 9, 9)), "a.xml", W, H)
    assert annotation.faces.boxes.tolist() == [[90, 0, 100, 20], [1, 1, 9, 9]]
    assert (annotation.clipped, annotation.dropped) == (1, 0)


@pytest.mark.parametrize("corners", [(9, 1, 8, 9), (1, 9, 9, 5), (150, 1, 160, 9), (-9, -9, 0, 0)])
def test_a_box_without_area_inside_the_image_is_dropped_and_counted(corners):
    annotation = read_voc(voc(face(*corners), face(2, 2, 9, 9)), "a.xml", W, H)
    assert annotation.faces.boxes.tolist() == [[1, 1, 9, 9]]
    assert (annotation.clipped, annotation.dropped) == (0, 1)


def test_no_objects_means_no_faces():
    faces = read_voc(voc(), "a.xml", W, H).faces
    assert faces.boxes.shape == (0, 4)
    assert faces.boxes.dtype == np.float32
    assert faces.labels.dtype == np.int64


def test_the_size_of_the_image_wins():
    annotation = read_voc(voc(face(1, 1, 60, 60), size=(50, 50)), "a.xml", W, H)
    assert annotation.faces.boxes.tolist() == [[0, 0, 60, 60]]
    assert annotation.size_differs
    assert not read_voc(voc(), "a.xml", W, H).size_differs


@pytest.mark.parametrize(
    ("orientation", "expected"),
    # A box of 10 x 20 at (5, 30) of the stored 80 x 100 image.
    [(5, [30, 5, 50, 15]), (6, [50, 5, 70, 15]), (7, [50, 65, 70, 75]), (8, [30, 65, 50, 75])],
)
def test_boxes_drawn_before_a_quarter_turn_are_turned_with_the_image(orientation, expected):
    from PIL import Image, ImageOps

    stored = Image.new("L", (H, W))
    stored.paste(255, (5, 30, 15, 50))
    stored.getexif()[0x0112] = orientation
    assert list(ImageOps.exif_transpose(stored).getbbox()) == expected  # what Pillow does
    data = voc(face(6, 31, 15, 50), size=(H, W))
    assert boxes(data, orientation=orientation) == [expected]


def test_boxes_drawn_on_the_upright_image_are_left_alone():
    assert boxes(voc(face(1, 1, 10, 20)), orientation=6) == [[0, 0, 10, 20]]


def test_parts_inside_an_object_do_not_count():
    part = "<part><name>nose</name><bndbox><xmin>1</xmin></bndbox></part>"
    assert boxes(voc(face(1, 1, 10, 20, extra=part))) == [[0, 0, 10, 20]]


@pytest.mark.parametrize("value", ["nan", "inf", "left", ""])
def test_a_coordinate_that_is_no_number_is_named(value):
    with pytest.raises(InputError, match=r"a\.xml: object 2: field 'ymin'"):
        boxes(voc(face(1, 1, 9, 9), face(1, value, 9, 9)))


def test_a_missing_coordinate_is_named():
    with pytest.raises(InputError, match=r"a\.xml: object 1: field 'xmax' is missing"):
        boxes(voc(face(1, 1, None, 9)))


@pytest.mark.parametrize("field", ["name", "bndbox"])
def test_a_missing_field_is_named(field):
    data = voc("<object>" + face(1, 1, 9, 9).split("<object>")[1].replace(field, "other"))
    with pytest.raises(InputError, match=rf"object 1: field '{field}' is missing"):
        boxes(data)


def test_an_unknown_class_is_named_with_those_known():
    with pytest.raises(InputError, match=r"object 1: field 'name': .*'helmet'.*with_mask, without"):
        boxes(voc(face(1, 1, 9, 9, name="helmet")))


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "empty"),
        (b"<annotation><object></annotation>", "not well-formed"),
        (b"<annotation>", "not well-formed"),
        (b"\x89PNG\r\n", "not well-formed"),
        (b"<html/>", "no 'annotation' element"),
        (b"<a><annotation/></a>", "no 'annotation' element"),
    ],
)
def test_what_is_no_voc_file_is_refused(data, message):
    with pytest.raises(InputError, match=rf"^a\.xml: .*{message}"):
        boxes(data)


def test_entities_are_not_expanded(tmp_path):
    secret = tmp_path / "secret"
    secret.write_text("with_mask")
    document = f'<!DOCTYPE a [<!ENTITY e SYSTEM "file://{secret}">]>'.encode()
    with pytest.raises(InputError, match=r"^a\.xml: "):
        boxes(document + voc(face(1, 1, 9, 9, name="&e;")))


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_a_document_type_is_refused(encoding):
    with pytest.raises(InputError, match="DOCTYPE"):
        boxes(f"<!DOCTYPE annotation>{voc().decode()}".encode(encoding))


part = st.floats(0, 99, width=32).map(lambda value: value if value > 2**-29 else 0.0)


@given(st.lists(st.tuples(part, part, part, part, st.integers(1, 3))))
def test_what_is_written_reads_the_same_bit_by_bit(items):
    array = [[x, y, x + w + 1, y + h + 1] for x, y, w, h, _ in items]
    faces = Faces(
        np.array(array, np.float32).reshape(-1, 4), np.array([i[4] for i in items], np.int64)
    )
    annotation = read_voc(write_voc("a & b.jpg", 200, 200, faces), "a.xml", 200, 200)
    np.testing.assert_array_equal(annotation.faces.boxes, faces.boxes)
    np.testing.assert_array_equal(annotation.faces.labels, faces.labels)
    assert (annotation.dropped, annotation.clipped, annotation.size_differs) == (0, 0, False)


def test_classes_may_be_told_by_the_caller():
    raw = RawAnnotation(("good", "bad"), ((0, 0, 9, 9), (1, 1, 3, 300)), (W, H))
    annotation = fit(raw, "a.txt", W, H, class_of={"good": 1, "bad": 3}.__getitem__)
    assert annotation.faces.labels.tolist() == [1, 3]
    assert (annotation.clipped, annotation.dropped, annotation.size_differs) == (1, 0, False)
    with pytest.raises(InputError, match=r"^a\.txt: object 1: field 'name': unknown class name"):
        fit(raw, "a.txt", W, H)
