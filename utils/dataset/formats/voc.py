"""PASCAL VOC annotation files: one XML file a photograph, a box and a class for each face.

VOC coordinates are 1-based and inclusive; ours are zero-based and half-open, so a face in columns
1..10 is ``xmin=1, xmax=10`` there and ``x1=0, x2=10`` here.
"""

import math
from dataclasses import dataclass

import numpy as np
from bs4 import Tag
from lxml import etree

from utils.dataset.faces import Faces
from utils.dataset.formats.voc_xml import parse_annotation
from utils.dataset.labels import CLASSES, class_id
from utils.errors import InputError, brief

MAX_FACES = 5000
"""In one annotation; the fullest photograph of WIDER FACE, a data set of crowds, has 1,968."""

_CORNERS = ("xmin", "ymin", "xmax", "ymax")


@dataclass(frozen=True)
class Annotation:
    """The faces of a photograph, and what was mended while reading them.

    Attributes
    ----------
    faces
        Boxes inside the image, with their classes.
    dropped
        How many boxes were left out: without area, or wholly outside the image.
    clipped
        How many of the boxes kept were cut at the border of the image.
    size_differs
        Whether the annotation tells another size than the image has (the image's is used).
    """

    faces: Faces
    dropped: int
    clipped: int
    size_differs: bool = False


def read_voc(data: bytes, name: str, width: int, height: int, orientation: int = 1) -> Annotation:
    """Read a VOC annotation.

    An annotation without objects is a photograph without faces. If the size that the annotation
    tells is that of the image before its EXIF rotation by a quarter turn, its boxes were drawn on
    the image as stored, and are turned with it.

    Parameters
    ----------
    data
        The bytes of the XML file.
    name
        What to call the file in an error.
    width, height
        Size of the upright image in pixels.
    orientation
        EXIF orientation of the stored image, 1..8.

    Raises
    ------
    InputError
        If the file is no VOC file (see `parse_annotation`), has more than `MAX_FACES` objects, or
        one that lacks a known class or a finite box, or has a field twice.
    """
    root = parse_annotation(data, name)
    boxes, labels = [], []
    for number, item in enumerate(_objects(root, name), start=1):
        where = f"{name}: object {number}"
        class_name = _text(item, "name", where)
        try:
            labels.append(class_id(class_name))
        except InputError as error:
            raise InputError(f"{where}: field 'name': {error}") from None
        corners = _only(item, "bndbox", where)
        boxes.append([_number(corners, corner, where) for corner in _CORNERS])
    told = _told_size(root, name)
    array = np.array(boxes, np.float64).reshape(-1, 4) - [1, 1, 0, 0]
    if orientation >= 5 and width != height and told == (height, width):
        array = _turn(array, orientation, width, height)
        told = (width, height)
    return _fit(array, np.array(labels, np.int64), width, height, told)


def write_voc(filename: str, width: int, height: int, faces: Faces) -> bytes:
    """Write a VOC annotation; `read_voc` gives the same boxes back, rounded to whole pixels."""
    root = etree.Element("annotation")
    _add(root, "folder", "images")
    _add(root, "filename", filename)
    size = etree.SubElement(root, "size")
    for tag, value in (("width", width), ("height", height), ("depth", 3)):
        _add(size, tag, value)
    _add(root, "segmented", 0)
    for box, label in zip(faces.boxes, faces.labels, strict=True):
        item = etree.SubElement(root, "object")
        _add(item, "name", CLASSES[int(label) - 1])
        _add(item, "pose", "Unspecified")
        for tag in ("truncated", "occluded", "difficult"):
            _add(item, tag, 0)
        corners = etree.SubElement(item, "bndbox")
        x1, y1, x2, y2 = _whole(box)
        for tag, value in zip(_CORNERS, (x1 + 1, y1 + 1, x2, y2), strict=True):
            _add(corners, tag, value)
    return etree.tostring(root, pretty_print=True, encoding="utf-8", xml_declaration=True)


def _objects(root: Tag, name: str) -> list[Tag]:
    """Return the objects; those that stand elsewhere would be faces that nobody misses."""
    objects = root.find_all("object", recursive=False)
    if len(root.find_all(lambda tag: tag.name.lower() == "object")) != len(objects):
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


def _only(parent: Tag, field: str, where: str) -> Tag:
    found = parent.find_all(field, recursive=False)
    if not found:
        raise InputError(f"{where}: field '{field}' is missing; add it or remove the object")
    if len(found) > 1:
        raise InputError(f"{where}: field '{field}' stands {len(found)} times; leave one")
    return found[0]


def _text(parent: Tag, field: str, where: str) -> str:
    tag = _only(parent, field, where)
    if tag.find() is not None:
        raise InputError(f"{where}: field '{field}' holds an element, expected text; remove it")
    return tag.get_text(strip=True)


def _number(corners: Tag, field: str, where: str) -> float:
    text = _text(corners, field, where)
    try:
        # Python would also take digits of other scripts, and underscores between them.
        value = float(text) if text.isascii() and "_" not in text else math.nan
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise InputError(
            f"{where}: field '{field}' is '{brief(text)}', expected a number of pixels"
        )
    return value


def _told_size(root: Tag, name: str) -> tuple[int, int] | None:
    if root.find("size", recursive=False) is None:
        return None
    size = _only(root, "size", name)
    try:
        return int(_text(size, "width", "")), int(_text(size, "height", ""))
    except (ValueError, InputError):  # the image's own size is used in any case
        return None


def _turn(boxes: np.ndarray, orientation: int, width: int, height: int) -> np.ndarray:
    """Take boxes on the stored image (height x width) to the upright one (width x height)."""
    x1, y1, x2, y2 = boxes.T
    turned = {
        5: (y1, x1, y2, x2),  # mirrored along the main diagonal
        6: (width - y2, x1, width - y1, x2),  # a quarter turn clockwise
        7: (width - y2, height - x2, width - y1, height - x1),
        8: (y1, height - x2, y2, height - x1),  # a quarter turn anticlockwise
    }[orientation]
    return np.stack(turned, axis=1)


def _fit(
    boxes: np.ndarray, labels: np.ndarray, width: int, height: int, told: tuple[int, int] | None
) -> Annotation:
    inside = boxes.clip(0, [width, height, width, height])
    clipped = (inside != boxes).any(axis=1)
    inside = inside.astype(np.float32)  # in which a hair's breadth is none
    keep = (inside[:, 2:] > inside[:, :2]).all(axis=1)
    return Annotation(
        faces=Faces(inside[keep], labels[keep]),
        dropped=int((~keep).sum()),
        clipped=int(clipped[keep].sum()),
        size_differs=told is not None and told != (width, height),
    )


def _whole(box: np.ndarray) -> tuple[int, int, int, int]:
    """Round a box to whole pixels, keeping at least one."""
    x1, y1, x2, y2 = (int(value) for value in np.rint(box))
    return x1, y1, max(x2, x1 + 1), max(y2, y1 + 1)


def _add(parent: etree._Element, tag: str, value: object) -> None:
    etree.SubElement(parent, tag).text = str(value)
