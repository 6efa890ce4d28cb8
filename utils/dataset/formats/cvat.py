"""CVAT for images 1.1: one XML file a task, an ``image`` for each photograph with its shapes.

Coordinates are pixels, zero-based, with decimals. See CVAT's manual, "XML annotation format".
"""

import math
from collections.abc import Mapping, Sequence

from lxml import etree

from utils.dataset.formats.annotation import MAX_FACES, Box, RawAnnotation
from utils.dataset.formats.strict_xml import Form, parse_xml
from utils.dataset.formats.values import around, number, plain, rounded
from utils.errors import InputError, brief

FORM = Form(
    "CVAT",
    "annotations",
    most_bytes=512 * 1024**2,
    most_elements=10_000_000,
    refused={
        "track": "is 'CVAT for video' (it has tracks); export the task again as 'CVAT for images "
        "1.1', or as COCO 1.0"
    },
)

_NO_BOXES = ("points", "cuboid", "skeleton", "tag")
"""Shapes that are no outline of a face; they are counted."""


def parse(data: bytes, name: str) -> dict[str, RawAnnotation]:
    """Read an export of CVAT.

    Polygons, polylines, ellipses, masks and turned boxes become the upright boxes around them.
    Points, cuboids, skeletons and tags are no boxes, and what lies outside the picture is none
    either: `RawAnnotation.left_out` names them.

    Returns
    -------
    dict
        The annotation of each image by its ``name``, as spelled; images without faces, too.

    Raises
    ------
    InputError
        If the file is no CVAT file (see `parse_xml`) or one for video, a shape lacks its label or
        a finite outline, or two images share a name. It names the file, image, shape, field and
        fix.
    """
    found: dict[str, RawAnnotation] = {}

    def add(element: etree._Element) -> None:
        if element.tag == "image":
            file = _attribute(element, "name", f"{name}: image {len(found) + 1}")
            if file in found:
                raise InputError(
                    f"{name}: image '{brief(file)}' stands twice; leave one, or tell them apart by "
                    "their folder"
                )
            found[file] = _image(element, f"{name}: image '{brief(file)}'")

    root = parse_xml(data, name, FORM, add)
    if not found and root.find("meta") is None:
        raise InputError(f"{name}: has no 'image' in 'annotations'; not an export of CVAT")
    return found


def write(annotations: Mapping[str, RawAnnotation], class_names: Sequence[str]) -> bytes:
    """Write an export of CVAT for images; every annotation tells the size of its image."""
    root = etree.Element("annotations")
    etree.SubElement(root, "version").text = "1.1"
    labels = etree.SubElement(etree.SubElement(etree.SubElement(root, "meta"), "task"), "labels")
    for name in class_names:
        etree.SubElement(etree.SubElement(labels, "label"), "name").text = name
    for number_, (file, raw) in enumerate(annotations.items()):
        width, height = (str(length) for length in raw.size)
        told = {"id": str(number_), "name": file, "width": width, "height": height}
        image = etree.SubElement(root, "image", told)
        for name, box in zip(raw.names, raw.boxes, strict=True):
            corners = zip(("xtl", "ytl", "xbr", "ybr"), map(plain, box), strict=True)
            told = {"label": name, "source": "manual", "occluded": "0"}
            etree.SubElement(image, "box", {**told, **dict(corners), "z_order": "0"})
    return etree.tostring(root, pretty_print=True, encoding="utf-8", xml_declaration=True)


def _image(image: etree._Element, where: str) -> RawAnnotation:
    names, boxes, left_out = [], [], []
    for count, shape in enumerate(image, start=1):
        if shape.tag in _NO_BOXES:
            left_out.append(shape.tag)
            continue
        place = f"{where}: shape {count} ({brief(shape.tag, 30)})"
        outline = _OUTLINES.get(shape.tag)
        if outline is None:
            raise InputError(f"{place}: is no shape of CVAT; remove it")
        if shape.get("outside") == "1":
            left_out.append("shape outside the picture")
            continue
        if len(names) == MAX_FACES:
            raise InputError(
                f"{where}: has more than {MAX_FACES} faces; cut the photograph into parts"
            )
        names.append(_attribute(shape, "label", place))
        boxes.append(rounded(outline(shape, place)))
    return RawAnnotation(tuple(names), tuple(boxes), _size(image), tuple(left_out))


def _box(shape: etree._Element, where: str) -> Box:
    x1, y1, x2, y2 = (_number(shape, field, where) for field in ("xtl", "ytl", "xbr", "ybr"))
    cosine, sine = _turn(shape, where)
    if sine == 0 and cosine > 0:
        return x1, y1, x2, y2
    x, y, half, tall = (x1 + x2) / 2, (y1 + y2) / 2, abs(x2 - x1) / 2, abs(y2 - y1) / 2
    across, down = half * cosine + tall * sine, half * sine + tall * cosine
    return x - across, y - down, x + across, y + down


def _ellipse(shape: etree._Element, where: str) -> Box:
    x, y, rx, ry = (_number(shape, field, where) for field in ("cx", "cy", "rx", "ry"))
    cosine, sine = _turn(shape, where)
    across, down = math.hypot(rx * cosine, ry * sine), math.hypot(rx * sine, ry * cosine)
    return x - across, y - down, x + across, y + down


def _mask(shape: etree._Element, where: str) -> Box:
    x, y, width, height = (
        _number(shape, field, where) for field in ("left", "top", "width", "height")
    )
    return x, y, x + width, y + height


def _around_points(shape: etree._Element, where: str) -> Box:
    pairs = [pair.split(",") for pair in _attribute(shape, "points", where).split(";")]
    points = [tuple(map(number, pair)) for pair in pairs]
    if not all(len(point) == 2 and not any(map(math.isnan, point)) for point in points):
        raise InputError(f"{where}: field 'points' is not 'x,y;x,y;...'; mend or remove it")
    return around(points)


_OUTLINES = {
    "box": _box,
    "ellipse": _ellipse,
    "mask": _mask,
    "polygon": _around_points,
    "polyline": _around_points,
}


def _turn(shape: etree._Element, where: str) -> tuple[float, float]:
    """Return the absolute cosine and sine of the angle by which a shape is turned."""
    if shape.get("rotation") is None:
        return 1.0, 0.0
    angle = math.radians(_number(shape, "rotation", where))
    return abs(math.cos(angle)), abs(math.sin(angle))


def _attribute(element: etree._Element, field: str, where: str) -> str:
    value = (element.get(field) or "").strip()
    if not value:
        raise InputError(f"{where}: field '{field}' is missing; add it")
    return value


def _number(element: etree._Element, field: str, where: str) -> float:
    text = _attribute(element, field, where)
    value = number(text)
    if math.isnan(value):
        raise InputError(f"{where}: field '{field}' is '{brief(text)}', expected a number")
    return value


def _size(image: etree._Element) -> tuple[int, int] | None:
    try:
        return int(image.get("width", "")), int(image.get("height", ""))
    except ValueError:  # the image's own size is used in any case
        return None
