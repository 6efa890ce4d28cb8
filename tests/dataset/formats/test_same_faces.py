"""The same faces, written in all formats, read as the same faces."""

import pytest
from hypothesis import given

from tests.dataset.formats.conftest import raw_annotations
from utils.dataset.annotation import fit
from utils.dataset.formats import coco, cvat, voc, yolo
from utils.dataset.formats.annotation import RawAnnotation
from utils.dataset.formats.yolo_names import Names
from utils.dataset.labels import CLASSES


def in_all_formats(raw: RawAnnotation) -> dict[str, RawAnnotation]:
    """Write a photograph's annotation in each format, and read it again."""
    width, height = raw.size
    names = Names.of(CLASSES)
    lines = yolo.write(width, height, raw.names, raw.boxes, CLASSES)
    return {
        "voc": voc.parse(voc.write("a.jpg", width, height, raw.names, raw.boxes), "a.xml"),
        "yolo": yolo.parse(lines, "a.txt", names, width, height),
        "coco": coco.parse(coco.write({"a.jpg": raw}, CLASSES), "a.json")["a.jpg"],
        "cvat": cvat.parse(cvat.write({"a.jpg": raw}, CLASSES), "a.xml")["a.jpg"],
    }


@given(raw_annotations())
def test_whole_pixels_are_read_exactly_from_each_format(raw):
    for name, read in in_all_formats(raw).items():
        assert (read.names, read.boxes) == (raw.names, raw.boxes), name
        assert read.size == (None if name == "yolo" else raw.size)
        assert read.left_out == ()


@given(raw_annotations(decimals=3))
def test_parts_of_pixels_are_read_from_each_format(raw):
    for name, read in in_all_formats(raw).items():
        most = 1e-6 * max(raw.size) if name == "yolo" else 1e-9
        assert read.names == raw.names
        for box, written in zip(read.boxes, raw.boxes, strict=True):
            assert box == pytest.approx(written, abs=most), name


@given(raw_annotations())
def test_canonical_files_are_the_same_bytes_whatever_the_format(raw):
    width, height = raw.size
    written = {
        voc.write("a.jpg", width, height, read.names, read.boxes)
        for read in in_all_formats(raw).values()
    }
    assert len(written) == 1


@pytest.mark.parametrize("decimals", [5, 6, 8])
@given(raw=raw_annotations())
def test_rounded_as_tools_write_it_reads_as_whole_pixels(raw, decimals):
    width, height = raw.size
    lines = yolo.write(width, height, raw.names, raw.boxes, CLASSES).decode().splitlines()
    short = "\n".join(
        " ".join([index, *(f"{float(value):.{decimals}f}" for value in values)])
        for index, *values in map(str.split, lines)
    )
    read = yolo.parse(short.encode(), "a.txt", Names.of(CLASSES), width, height)
    assert read.boxes == raw.boxes


@given(raw_annotations(decimals=2, least=1))
def test_all_faces_reach_the_image(raw):
    for read in in_all_formats(raw).values():
        annotation = fit(read, "a", *raw.size)
        assert len(annotation.faces) == len(raw.names) and annotation.dropped == 0
        assert not annotation.size_differs
