"""PASCAL VOC: one XML file a photograph, a box and a class for each face.

VOC coordinates are 1-based and inclusive; ours are zero-based and half-open, so a face in columns
1..10 is ``xmin=1, xmax=10`` there and ``x1=0, x2=10`` here.
"""

import math
from collections.abc import Sequence

from lxml import etree

from utils.dataset.formats.annotation import MAX_FACES, Box, RawAnnotation
from utils.dataset.formats.strict_xml import Form, only, only_text, parse_xml
from utils.dataset.formats.values import number, plain
from utils.errors import InputError, brief

FORM = Form("PASCAL VOC", "annotation", most_bytes=4 * 1024**2, most_elements=100_000)
"""A face takes about 300 bytes."""

_CORNERS = ("xmin", "ymin", "xmax", "ymax")


def parse(data: bytes, name: str) -> RawAnnotation:
    """Read a VOC annotation; one without objects is a photograph without faces.

    Parameters
    ----------
    data
        The bytes of the XML file.
    name
        What to call the file in an error.

    Raises
    ------
    InputError
        If the file is no VOC file (see `parse_xml`), has more than `MAX_FACES` objects, or one
        that lacks a class name or a finite box, or has a field twice.
    """
    root = parse_xml(data, name, FORM)
    names, boxes = [], []
    for count, item in enumerate(_objects(root, name), start=1):
        where = f"{name}: object {count}"
        names.append(only_text(item, "name", where))
        boxes.append(_box(only(item, "bndbox", where), where))
    return RawAnnotation(tuple(names), tuple(boxes), _size(root, name))


def write(
    filename: str, width: int, height: int, names: Sequence[str], boxes: Sequence[Sequence[float]]
) -> bytes:
    """Write the VOC annotation of a photograph; `parse` gives the same boxes back.

    Whole pixels are written without a point, others with as many decimals as they have.
    """
    root = etree.Element("annotation")
    _add(root, "folder", "images")
    _add(root, "filename", filename)
    size = etree.SubElement(root, "size")
    for tag, value in (("width", width), ("height", height), ("depth", 3)):
        _add(size, tag, value)
    _add(root, "segmented", 0)
    for name, (x1, y1, x2, y2) in zip(names, boxes, strict=True):
        item = etree.SubElement(root, "object")
        _add(item, "name", name)
        _add(item, "pose", "Unspecified")
        for tag in ("truncated", "occluded", "difficult"):
            _add(item, tag, 0)
        corners = etree.SubElement(item, "bndbox")
        for tag, value in zip(_CORNERS, (x1 + 1, y1 + 1, x2, y2), strict=True):
            _add(corners, tag, plain(value))
    return etree.tostring(root, pretty_print=True, encoding="utf-8", xml_declaration=True)


def _objects(root: etree._Element, name: str) -> list[etree._Element]:
    """Return the objects; those that stand elsewhere would be faces that nobody misses."""
    objects = root.findall("object")
    if sum(element.tag.lower() == "object" for element in root.iter()) != len(objects):
        raise InputError(
            f"{name}: has an 'object' that is not directly in 'annotation', or is spelled "
            "otherwise; move or rename it"
        )
    if len(objects) > MAX_FACES:
        raise InputError(
            f"{name}: field 'object' stands {len(objects)} times, more than {MAX_FACES}; "
            "cut the photograph into parts"
        )
    return objects


def _box(corners: etree._Element, where: str) -> Box:
    x1, y1, x2, y2 = (_number(corners, corner, where) for corner in _CORNERS)
    return x1 - 1, y1 - 1, x2, y2


def _number(corners: etree._Element, field: str, where: str) -> float:
    text = only_text(corners, field, where)
    value = number(text)
    if math.isnan(value):
        raise InputError(
            f"{where}: field '{field}' is '{brief(text)}', expected a number of pixels"
        )
    return value


def _size(root: etree._Element, name: str) -> tuple[int, int] | None:
    if root.find("size") is None:
        return None
    size = only(root, "size", name)
    try:
        return int(only_text(size, "width", "")), int(only_text(size, "height", ""))
    except (ValueError, InputError):  # the image's own size is used in any case
        return None


def _add(parent: etree._Element, tag: str, value: object) -> None:
    etree.SubElement(parent, tag).text = str(value)
