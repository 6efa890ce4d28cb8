"""COCO: one JSON file a data set, with lists of ``images``, ``annotations`` and ``categories``.

A ``bbox`` is x, y, width and height in pixels, zero-based. Ids may be any numbers or texts.
"""

import json
import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from utils.dataset.formats.annotation import MAX_FACES, Box, RawAnnotation
from utils.dataset.formats.values import around, rounded
from utils.errors import InputError, brief

MAX_BYTES = 512 * 1024**2
"""The 860,001 boxes of COCO's own train2017, with their outlines, take 470 million."""

_KEPT = frozenset(
    (
        "images",
        "annotations",
        "categories",
        "id",
        "file_name",
        "width",
        "height",
        "name",
        "image_id",
        "category_id",
        "bbox",
        "segmentation",
        "iscrowd",
    )
)
_NAMED = 3  # how many examples an error names


def parse(data: bytes, name: str) -> dict[str, RawAnnotation]:
    """Read a COCO file.

    A crowd region (``iscrowd``) is no face: it is named in `RawAnnotation.left_out`. Where there
    is no ``bbox``, the box around the polygons of ``segmentation`` is taken.

    Returns
    -------
    dict
        The annotation of each image by its ``file_name``, as spelled; images without faces, too.

    Raises
    ------
    InputError
        If the file is no COCO file, an annotation belongs to no image or no category, or lacks a
        finite box, or two images share an id or a file name. It names the file, list, place, field
        and fix.
    """
    record = _load(data, name)
    files, sizes = _images(record, name)
    categories = _categories(record, name)
    faces: dict[str, list[tuple[str, Box]]] = defaultdict(list)
    left_out: dict[str, list[str]] = defaultdict(list)
    strays: list[str] = []
    for item, where in _items(record, "annotations", name):
        image = _id(item, "image_id", where)
        if image not in files:
            strays.append(image)
        elif item.get("iscrowd") in (1, "1", True):
            left_out[image].append("crowd region")
        else:
            if len(faces[image]) == MAX_FACES:
                raise InputError(
                    f"{where}: '{brief(files[image])}' has more than {MAX_FACES} faces; cut the "
                    "photograph into parts"
                )
            faces[image].append((_category(item, categories, where), _box(item, where)))
    if strays:
        some = ", ".join(brief(image, 30) for image in dict.fromkeys(strays[: _NAMED * 10]))
        raise InputError(
            f"{name}: {len(strays)} of 'annotations' are of images that 'images' does not list "
            f"(image_id {some}, ...); add the images or remove the annotations"
        )
    return {
        file: RawAnnotation(
            tuple(class_name for class_name, _ in faces.get(image, ())),
            tuple(box for _, box in faces.get(image, ())),
            sizes[image],
            tuple(left_out.get(image, ())),
        )
        for image, file in files.items()
    }


def write(annotations: Mapping[str, RawAnnotation], class_names: Sequence[str]) -> bytes:
    """Write a COCO file; every annotation tells the size of its image.

    Categories are numbered from 1 in the order of `class_names`.
    """
    ids = {name: number for number, name in enumerate(class_names, start=1)}
    images, faces = [], []
    for number, (file, raw) in enumerate(annotations.items(), start=1):
        width, height = raw.size
        images.append({"id": number, "file_name": file, "width": width, "height": height})
        for name, (x1, y1, x2, y2) in zip(raw.names, raw.boxes, strict=True):
            x, y, wide, high = rounded((x1, y1, x2 - x1, y2 - y1))
            faces.append(
                {
                    "id": len(faces) + 1,
                    "image_id": number,
                    "category_id": ids[name],
                    "bbox": [x, y, wide, high],
                    "area": wide * high,
                    "iscrowd": 0,
                    "segmentation": [],
                }
            )
    categories = [{"id": number, "name": name} for name, number in ids.items()]
    record = {"images": images, "annotations": faces, "categories": categories}
    return json.dumps(record, ensure_ascii=False).encode()


def _load(data: bytes, name: str) -> dict[str, Any]:
    if len(data) > MAX_BYTES:
        raise InputError(
            f"{name}: has {len(data)} bytes, more than {MAX_BYTES}; export boxes without outlines, "
            "or in parts"
        )
    try:
        record = json.loads(data, object_pairs_hook=_kept, parse_constant=_no_number)
    except (ValueError, RecursionError) as error:
        raise InputError(f"{name}: is no JSON ({brief(error)}); replace it") from error
    if not isinstance(record, dict):
        raise InputError(
            f"{name}: is a JSON {type(record).__name__} and no COCO file, which is an object with "
            "'images', 'annotations' and 'categories'"
        )
    for field in ("images", "annotations", "categories"):
        if not isinstance(record.get(field), list):
            raise InputError(f"{name}: field '{field}' is missing or no list; not a COCO file")
    return record


def _kept(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Keep what is read, so that outlines and licences are not held; nothing stands twice."""
    kept = {key: value for key, value in pairs if key in _KEPT}
    if len(kept) != sum(key in _KEPT for key, _ in pairs):
        keys = [key for key, _ in pairs]
        twice = next(key for key in kept if keys.count(key) > 1)
        raise ValueError(f"field '{twice}' stands twice in one object")
    if kept.get("bbox"):
        kept.pop("segmentation", None)
    return kept


def _no_number(text: str) -> float:
    raise ValueError(f"{text} is no number")


def _items(record: dict[str, Any], field: str, name: str) -> Iterable[tuple[dict, str]]:
    for count, item in enumerate(record[field], start=1):
        where = f"{name}: {field} {count}"
        if not isinstance(item, dict):
            raise InputError(f"{where}: is no object with fields; mend or remove it")
        yield item, where


def _images(
    record: dict[str, Any], name: str
) -> tuple[dict[str, str], dict[str, tuple[int, int] | None]]:
    files: dict[str, str] = {}
    sizes: dict[str, tuple[int, int] | None] = {}
    places: dict[str, str] = {}
    for item, where in _items(record, "images", name):
        image, file = _id(item, "id", where), _text(item, "file_name", where)
        if image in files:
            raise InputError(f"{where}: field 'id' {brief(image)} stands before; make it another")
        if file in places:
            raise InputError(
                f"{where}: field 'file_name' '{brief(file)}' stands in {places[file]}, too; merge "
                "them into one, or tell them apart by their folder"
            )
        places[file] = where.removeprefix(f"{name}: ")
        files[image] = file
        sizes[image] = _size(item.get("width"), item.get("height"))
    return files, sizes


def _categories(record: dict[str, Any], name: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for item, where in _items(record, "categories", name):
        number = _id(item, "id", where)
        if number in found:
            raise InputError(f"{where}: field 'id' {brief(number)} stands before; make it another")
        found[number] = _text(item, "name", where).strip()
    return found


def _category(item: dict[str, Any], categories: dict[str, str], where: str) -> str:
    number = _id(item, "category_id", where)
    if number not in categories:
        raise InputError(
            f"{where}: field 'category_id' is {brief(number)}, which 'categories' does not list; "
            "add it there or mend the annotation"
        )
    return categories[number]


def _box(item: dict[str, Any], where: str) -> Box:
    box = item.get("bbox")
    if box in (None, []):
        return _around_polygons(item.get("segmentation"), where)
    if not (isinstance(box, list) and len(box) == 4 and all(map(_finite, box))):
        raise InputError(
            f"{where}: field 'bbox' is not four numbers (x, y, width, height); mend it"
        )
    x, y, width, height = map(float, box)
    return rounded((x, y, x + width, y + height))


def _around_polygons(polygons: object, where: str) -> Box:
    if not isinstance(polygons, list) or not polygons:
        raise InputError(
            f"{where}: field 'bbox' is missing, and there is no polygon either; export boxes"
        )
    values: list[float] = []
    for polygon in polygons:
        if not (isinstance(polygon, list) and polygon and len(polygon) % 2 == 0):
            raise InputError(f"{where}: field 'segmentation' has no pairs of numbers; export boxes")
        values += polygon
    if not all(map(_finite, values)):
        raise InputError(f"{where}: field 'segmentation' has what is no number; export boxes")
    return rounded(around(zip(values[::2], values[1::2], strict=True)))


def _id(item: dict[str, Any], field: str, where: str) -> str:
    """Return an id as text: some tools write 7 in one list and "7" in the other."""
    value = item.get(field)
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int | str):
        raise InputError(f"{where}: field '{field}' is missing or no id; add it")
    return str(value)


def _text(item: dict[str, Any], field: str, where: str) -> str:
    value = item.get(field)
    if not isinstance(value, str) or not value.strip():
        raise InputError(f"{where}: field '{field}' is missing or no text; add it")
    return value


def _size(width: object, height: object) -> tuple[int, int] | None:
    if _finite(width) and _finite(height):
        return round(width), round(height)
    return None  # the image's own size is used in any case


def _finite(value: object) -> bool:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    return abs(value) < 1e300 if isinstance(value, int) else math.isfinite(value)
