"""VOC files as they are written; tests/dataset/test_annotation.py fits them to their images."""

import subprocess
import sys
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from utils.dataset.formats import voc
from utils.dataset.formats.values import number, plain

PROJECT = Path(__file__).parents[3]


def text(*boxes: tuple[object, ...], name: str = "With Mask", size: str = "") -> bytes:
    tags = ("xmin", "ymin", "xmax", "ymax")
    faces = "".join(
        f"<object><name>{name}</name><bndbox>"
        + "".join(f"<{tag}>{value}</{tag}>" for tag, value in zip(tags, box, strict=True))
        + "</bndbox></object>"
        for box in boxes
    )
    return f"<annotation>{size}{faces}</annotation>".encode()


def test_names_and_boxes_are_given_as_written():
    raw = voc.parse(text((91, -3, 20.5, 9), (1, 1, 10, 20)), "a.xml")
    assert raw.boxes == ((90, -4, 20.5, 9), (0, 0, 10, 20))
    assert raw.names == ("With Mask", "With Mask") and raw.size is None


@pytest.mark.parametrize(
    ("told", "size"),
    [
        ("<width>100</width><height>80</height>", (100, 80)),
        ("<width>0</width><height>0</height><depth>0</depth>", (0, 0)),
        ("<width>wide</width><height>80</height>", None),
        ("<width>100</width>", None),
    ],
)
def test_the_size_is_what_the_file_tells(told, size):
    assert voc.parse(text(size=f"<size>{told}</size>"), "a.xml").size == size


def test_whole_pixels_are_written_whole_and_others_with_their_decimals():
    data = voc.write(
        "a & b.jpg", 100, 80, ["good", "none"], [(0, 0, 10, 20), (0.5, 1.25, 3, 4.125)]
    )
    assert b"<filename>a &amp; b.jpg</filename>" in data
    for line in (b"<xmin>1<", b"<xmax>10<", b"<xmin>1.5<", b"<ymin>2.25<", b"<ymax>4.125<"):
        assert line in data
    raw = voc.parse(data, "a.xml")
    assert raw.boxes == ((0, 0, 10, 20), (0.5, 1.25, 3, 4.125))
    assert raw.names == ("good", "none") and raw.size == (100, 80)


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_numbers_are_written_so_that_they_read_as_the_same(value):
    written = plain(value)
    assert number(written) == value and "e" not in written.lower()
    assert ("." in written) != (value == int(value))


@given(st.text(max_size=12))
def test_what_reads_as_a_number_is_one(written):
    value = number(written)
    assert value != value or value == float(written)


def test_reading_formats_imports_nothing_heavy():
    modules = (PROJECT / "utils" / "dataset" / "formats").glob("*.py")
    names = [f"utils.dataset.formats.{path.stem}" for path in modules]
    code = (
        f"import importlib, sys\nfor name in {names!r}: importlib.import_module(name)\n"
        "import utils.dataset.class_names\n"
        "heavy = {'torch', 'numpy', 'cv2', 'PIL', 'scipy'} & set(sys.modules)\n"
        "assert not heavy, heavy"
    )
    subprocess.run([sys.executable, "-c", code], cwd=PROJECT, check=True)
    assert len(names) >= 9


def test_a_photograph_takes_less_than_a_millisecond():
    data = voc.write("a.jpg", 400, 300, ["with_mask"] * 4, [(10, 20, 50, 60)] * 4)
    voc.parse(data, "a.xml")
    start = time.process_time()
    for _ in range(200):
        voc.parse(data, "a.xml")
    assert (time.process_time() - start) / 200 < 1e-3  # 0.2 ms where nothing else runs
