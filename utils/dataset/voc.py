"""PASCAL VOC annotation files: one XML file a photograph, a box and a class for each face.

VOC coordinates are 1-based and inclusive; ours are zero-based and half-open, so a face in columns
1..10 is ``xmin=1, xmax=10`` there and ``x1=0, x2=10`` here.
"""

import math
from dataclasses import dataclass

import numpy as np
from bs4 import BeautifulSoup, Doctype, Tag
from bs4.builder import LXMLTreeBuilderForXML, ParserRejectedMarkup
from lxml import etree

from utils.dataset.faces import Faces
from utils.dataset.labels import CLASSES, class_id
from utils.errors import InputError

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
        If the file is not well-formed XML with an ``annotation`` root, declares a document type
        (entities are not expanded), or if an object lacks a known class or a finite box.
    """
    root = _parse(data, name)
    boxes, labels = [], []
    for number, item in enumerate(root.find_all("object", recursive=False), start=1):
        where = f"{name}: object {number}"
        class_name = _text(item, "name", where)
        try:
            labels.append(class_id(class_name))
        except InputError as error:
            raise InputError(f"{where}: field 'name': {error}") from None
        corners = item.find("bndbox", recursive=False)
        if corners is None:
            raise InputError(f"{where}: field 'bndbox' is missing; add it or remove the object")
        boxes.append([_number(corners, corner, where) for corner in _CORNERS])
    told = _told_size(root)
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


def _strict_parser(target: object, encoding: str | None, **_: object) -> etree.XMLParser:
    # Beautiful Soup would mend broken XML silently (recover=True) and expand entities.
    return etree.XMLParser(
        target=target, encoding=encoding, recover=False, resolve_entities=False, no_network=True
    )


def _parse(data: bytes, name: str) -> Tag:
    if not data.strip():
        raise InputError(
            f"{name}: the annotation is empty; a photo without faces needs its XML too"
        )
    try:
        soup = BeautifulSoup(data, builder=LXMLTreeBuilderForXML(parser=_strict_parser))
    except (etree.LxmlError, ParserRejectedMarkup, ValueError) as error:
        raise InputError(f"{name}: not well-formed XML ({error}); mend or replace it") from error
    if any(isinstance(node, Doctype) for node in soup.contents):
        raise InputError(f"{name}: has a DOCTYPE, which VOC files do not; remove it")
    root = soup.find("annotation", recursive=False)
    if root is None:
        raise InputError(f"{name}: no 'annotation' element at the top; not a PASCAL VOC file")
    return root


def _text(parent: Tag, field: str, where: str) -> str:
    tag = parent.find(field, recursive=False)
    if tag is None:
        raise InputError(f"{where}: field '{field}' is missing; add it or remove the object")
    return tag.get_text(strip=True)


def _number(corners: Tag, field: str, where: str) -> float:
    text = _text(corners, field, where)
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise InputError(f"{where}: field '{field}' is {text!r}, expected a number of pixels")
    return value


def _told_size(root: Tag) -> tuple[int, int] | None:
    size = root.find("size", recursive=False)
    if size is None:
        return None
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
    keep = (inside[:, 2:] > inside[:, :2]).all(axis=1)
    return Annotation(
        faces=Faces(inside[keep].astype(np.float32), labels[keep]),
        dropped=int((~keep).sum()),
        clipped=int((inside != boxes).any(axis=1)[keep].sum()),
        size_differs=told is not None and told != (width, height),
    )


def _whole(box: np.ndarray) -> tuple[int, int, int, int]:
    """Round a box to whole pixels, keeping at least one."""
    x1, y1, x2, y2 = (int(value) for value in np.rint(box))
    return x1, y1, max(x2, x1 + 1), max(y2, y1 + 1)


def _add(parent: etree._Element, tag: str, value: object) -> None:
    etree.SubElement(parent, tag).text = str(value)
