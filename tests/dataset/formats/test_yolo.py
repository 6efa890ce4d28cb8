"""YOLO files: every kind of line, names of classes, and errors that name the line and the fix."""

import time

import pytest

from utils.dataset.formats import yolo
from utils.dataset.formats.annotation import MAX_FACES
from utils.dataset.formats.yolo import parse
from utils.dataset.formats.yolo_names import Names, parse_names
from utils.errors import InputError

W, H = 200, 100
NAMES = Names.of(["with_mask", "without_mask", "bad"], "data.yaml")


def boxes(text: str | bytes, names: Names = NAMES) -> list:
    data = text if isinstance(text, bytes) else text.encode()
    return [tuple(box) for box in parse(data, "a.txt", names, W, H).boxes]


def test_centre_and_size_become_corners():
    raw = parse(b"1 0.5 0.5 0.1 0.2\n2 0.05 0.1 0.1 0.2\n", "a.txt", NAMES, W, H)
    assert raw.boxes == ((90.0, 40.0, 110.0, 60.0), (0.0, 0.0, 20.0, 20.0))
    assert raw.names == ("without_mask", "bad") and raw.size is None


@pytest.mark.parametrize("data", [b"", b"\n\n", b"  \r\n", b"\xef\xbb\xbf", b"\xef\xbb\xbf\r\n"])
def test_an_empty_file_is_a_photograph_without_faces(data):
    raw = parse(data, "a.txt", NAMES, W, H)
    assert (raw.names, raw.boxes) == ((), ())


@pytest.mark.parametrize(
    "text",
    [
        b"0 0.5 0.5 0.1 0.2",
        b"\xef\xbb\xbf0 0.5 0.5 0.1 0.2\r\n\r\n",
        b"\n0\t0.5\t0.5  0.1 0.2 \n",
        b"0 5e-1 .5 1E-1 2.0e-01\n",
        b"0.0 0.500000 0.500000 0.100000 0.200000\r",
        "0 0.5 0.5 0.1 0.2\n".encode("utf-16"),
        b"0 0.5 0.5 0.1 0.2 0.874213\n",
        b"0 0.45 0.4 0.55 0.4 0.55 0.6 0.45 0.6\n",
        b"0 0.45 0.4 0.55 0.4 0.55 0.6 0.45 0.6 0.91\n",
        b"0 0.45 0.5 0.5 0.4 0.55 0.6\n",
    ],
)
def test_one_face_in_many_spellings(text):
    assert boxes(text) == [(90.0, 40.0, 110.0, 60.0)]


def test_key_points_are_told_from_polygons_by_data_yaml_alone():
    line = b"0 0.5 0.5 0.1 0.2 " + b"0.1 0.9 2 " * 5
    posed = parse_names(b"names: [mask]\nkpt_shape: [5, 3]\n", "data.yaml")
    assert posed.points == 15
    assert boxes(line, posed) == [(90.0, 40.0, 110.0, 60.0)]
    assert boxes(line + b"0.9", posed) == [(90.0, 40.0, 110.0, 60.0)]
    assert boxes(b"0 0.5 0.5 0.1 0.2", posed) == [(90.0, 40.0, 110.0, 60.0)]
    with pytest.raises(InputError, match=r"a\.txt: line 1: has 7 fields, expected 5 fields, or 20"):
        boxes(b"0 0.1 0.2 0.3 0.4 0.5 0.6", posed)


def test_what_is_outside_the_image_is_given_as_written():
    assert boxes("0 0.0 0.5 0.1 0.2\n0 1.5 0.5 -0.1 0.2") == [(-10, 40, 10, 60), (310, 40, 290, 60)]


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("3 0.5 0.5 0.1 0.1", "field 1 is class 3, which data.yaml does not name; it names 0 with"),
        ("-1 0.5 0.5 0.1 0.1", "field 1 is class -1, which data.yaml does not name"),
        ("1.5 0.5 0.5 0.1 0.1", "field 1 is '1.5', expected the index of a class"),
        ("mask 0.5 0.5 0.1 0.1", "field 1 is 'mask', expected the index of a class"),
        ("1e999 0.5 0.5 0.1 0.1", "field 1 is '1e999', expected the index"),
        ("0 nan 0.5 0.1 0.1", "'nan' is no number"),
        ("0 0.5 inf 0.1 0.1", "'inf' is no number"),
        ("0 0,5 0,5 0,1 0,1", "'0,5' is no number (it takes a point, not a comma)"),
        ("0 0_5 0.5 0.1 0.1", "'0_5' is no number"),
        ("0 \u0660 0.5 0.1 0.1", "is no number"),
        ("0", "has 1 fields, expected 5 fields"),
        ("0 0.5 0.5 0.1", "has 4 fields, expected 5 fields"),
        ("0 0.5 0.5 0.1 0.1 0.9 12", "the last of which is 12: the number of a track"),
        ("# faces", "field 1 is '#', expected the index"),
    ],
)
def test_a_wrong_line_is_named_with_the_fix(line, message):
    with pytest.raises(InputError) as caught:
        boxes(f"0 0.5 0.5 0.1 0.1\n\n{line}\n")
    assert str(caught.value).startswith("a.txt: line 3: ") and message in str(caught.value)


def test_what_is_no_text_is_refused():
    with pytest.raises(InputError, match=r"^a\.txt: is no UTF-8 text .*save it as UTF-8"):
        boxes(b"\xff\xd8\xff\xe0")
    with pytest.raises(InputError, match=r"^a\.txt: holds NUL bytes"):
        boxes(b"0 0.5 \0")


def test_size_and_number_of_faces_are_bounded():
    line = b"0 0.5 0.5 0.1 0.1\n"
    assert len(boxes(line * MAX_FACES)) == MAX_FACES
    with pytest.raises(InputError, match=r"a\.txt: line 5001: more than 5000 faces"):
        boxes(line * (MAX_FACES + 1))
    with pytest.raises(InputError, match="bytes, more than"):
        boxes(b" " * (yolo.MAX_BYTES + 1))
    start = time.process_time()
    with pytest.raises(InputError):
        boxes(b"0 " + b"9" * 4_000_000 + b" x")
    assert time.process_time() - start < 5


def test_writing_names_the_classes_by_their_place():
    data = yolo.write(
        W, H, ["bad", "with_mask"], [(90, 40, 110, 60), (0, 0, 1, 1)], ["with_mask", "bad"]
    )
    assert data == b"1 0.5 0.5 0.1 0.2\n0 0.0025 0.005 0.005 0.01\n"


@pytest.mark.parametrize(
    ("filename", "text"),
    [
        ("data.yaml", "train: ../train/images\nnc: 3\nnames: ['mask', 'no', 'off']\n"),
        ("data.yaml", "names:\n  0: mask\n  1: no\n  2: off\n"),
        ("d/mask.YML", "# names\nnames:\n- mask\n- no\n- off\nroboflow:\n  version: 1\n"),
        ("data.yaml", "\ufeffnames: {0: mask, 1: no, 2: off}\r\nnc: 03\r\n"),
        ("classes.txt", "mask\nno\noff"),
        ("obj.names", "\ufeffmask\r\nno \r\n\toff\r\n\r\n"),
        ("_darknet.labels", "mask\nno\noff\n"),
    ],
)
def test_names_of_the_classes(filename, text):
    names = parse_names(text.encode(), filename)
    assert dict(names.by_index) == {0: "mask", 1: "no", 2: "off"}
    assert names.told_by == filename and names.points == 0


def test_indices_may_have_gaps():
    names = parse_names(b"names: {1: mask, 7: none}", "data.yaml")
    assert dict(names.by_index) == {1: "mask", 7: "none"}
    with pytest.raises(
        InputError, match=r"class 0, which data\.yaml does not name; it names 1 mask, 7"
    ):
        boxes("0 0.5 0.5 0.1 0.1", names)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("names: [mask, no\n", "is no plain YAML"),
        ("- mask\n- no\n", "is no YAML mapping; it needs the field 'names'"),
        ("", "is no YAML mapping"),
        ("nc: 2\n", "field 'names' is missing"),
        ("names: mask\n", "field 'names' is missing, or neither a list nor a mapping"),
        ("names: []\n", "field 'names' is missing"),
        ("names: [[mask], no]\n", "field 'names': the name of 0 is no text"),
        ("names: {mask: 0, no: 1}\n", "field 'names': 'mask' is no index"),
        ("names: {0: mask, 0: no}\n", "'0' stands twice"),
        ("nc: 3\nnames: [mask, no]\n", "field 'nc' is 3, but 'names' has 2"),
        ("a: &a [mask, no]\nnames: *a\n", "an alias in line 2; write out"),
        ("names: !!python/object/apply:os.getcwd []\n", "is no plain YAML"),
        ("names: [mask]\nkpt_shape: [5]\n", "field 'kpt_shape' is not two numbers"),
        ("names: [mask]\nkpt_shape: 5\n", "field 'kpt_shape' is not two numbers"),
        pytest.param("names: " + "[" * 5000, "is no plain YAML", id="deep"),
        pytest.param("a: " + "b" * 200_000, "bytes, more than", id="large"),
        ("? [a, b]\n: c\nnames: [mask]", "is no plain YAML"),
    ],
)
def test_a_wrong_data_yaml_is_named_with_the_field(text, message):
    with pytest.raises(InputError) as caught:
        parse_names(text.encode(), "data.yaml")
    assert str(caught.value).startswith("data.yaml: ") and message in str(caught.value)
    assert str(caught.value).isprintable() and len(str(caught.value)) < 400


def test_aliases_that_grow_without_end_are_refused_at_once():
    lines = ["a0: &a0 [x, x]"]
    lines += [f"a{n}: &a{n} [*a{n - 1}, *a{n - 1}]" for n in range(1, 60)]
    start = time.process_time()
    with pytest.raises(InputError, match="an alias in line 2"):
        parse_names("\n".join([*lines, "names: [mask]"]).encode(), "data.yaml")
    assert time.process_time() - start < 2


def test_a_large_data_yaml_takes_bounded_time():
    start = time.process_time()
    with pytest.raises(InputError, match="more than 10000 names"):
        parse_names(b"names: [" + b"a," * 60_000 + b"]", "data.yaml")
    assert time.process_time() - start < 30


def test_a_line_without_a_name_is_not_counted_over():
    with pytest.raises(InputError, match=r"classes\.txt: line 2 is empty"):
        parse_names(b"mask\n\nnone\n", "classes.txt")
    with pytest.raises(InputError, match=r"classes\.txt: is empty"):
        parse_names(b"\n", "classes.txt")
