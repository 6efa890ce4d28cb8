"""Small photographs with faces, and the files that tools write about them.

Written by hand and not by our writers: what is tested is that we read what others write.
"""

import functools
import io
import json
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from PIL import Image

WIDTH, HEIGHT = 100, 80

Face = tuple[str, tuple[float, float, float, float]]
"""Class name, and x1, y1, x2, y2 in pixels, zero-based, half-open."""

FACES: dict[str, list[Face]] = {
    "a": [("with_mask", (10, 10, 30, 40)), ("without_mask", (50, 10, 70, 40))],
    "b": [("mask_weared_incorrect", (20, 20, 40, 50))],
    "c": [("with_mask", (60, 30, 80, 60)), ("with_mask", (10, 30, 25, 50))],
    "d": [],
    "e": [("without_mask", (0, 0, 40, 60)), ("with_mask", (60, 20, 100, 80))],
    "f": [("mask_weared_incorrect", (30, 5, 55, 45))],
}
"""The faces of the set that all makers write, by stem."""

CLASSES = ("with_mask", "without_mask", "mask_weared_incorrect")


@functools.cache
def picture(seed: int = 0, size: tuple[int, int] = (WIDTH, HEIGHT), format: str = "JPEG") -> bytes:
    """Return a photograph of noise."""
    pixels = np.random.default_rng(seed).integers(0, 255, (size[1], size[0], 3), np.uint8)
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, format)
    return file.getvalue()


def turned(orientation: int, size: tuple[int, int] = (HEIGHT, WIDTH)) -> bytes:
    """Return a photograph that is stored a quarter turn away."""
    file, exif = io.BytesIO(), Image.Exif()
    exif[0x0112] = orientation
    Image.open(io.BytesIO(picture(1, size))).save(file, "JPEG", exif=exif)
    return file.getvalue()


def write(path: Path, data: bytes | str) -> None:
    """Write a file and the folders that it lies in."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data.encode() if isinstance(data, str) else data)


def photographs(
    folder: Path, stems: str = "abcdef", suffix: str = ".jpg", format: str = "JPEG"
) -> None:
    """Write photographs of the set, each another."""
    for stem in stems:
        write(folder / f"{stem}{suffix}", picture(ord(stem), format=format))


def voc(
    faces: list[Face],
    size: tuple[int, int] | None = (WIDTH, HEIGHT),
    names: Mapping[str, str] | None = None,
) -> str:
    """Write a VOC file as LabelImg does."""
    objects = ""
    for name, (x1, y1, x2, y2) in faces:
        corners = zip(("xmin", "ymin", "xmax", "ymax"), (x1 + 1, y1 + 1, x2, y2), strict=True)
        box = "".join(f"<{field}>{value:g}</{field}>" for field, value in corners)
        name = (names or {}).get(name, name)
        objects += (
            f"<object><name>{name}</name><pose>Unspecified</pose><difficult>0</difficult>"
            f"<bndbox>{box}</bndbox></object>\n"
        )
    told = ""
    if size:
        told = f"<size><width>{size[0]}</width><height>{size[1]}</height><depth>3</depth></size>"
    return f"<annotation><folder>x</folder><filename>x.jpg</filename>{told}{objects}</annotation>"


def yolo(faces: list[Face], classes: tuple[str, ...] = CLASSES) -> str:
    """Write a YOLO file with six decimals, as most tools do."""
    lines = ""
    for name, (x1, y1, x2, y2) in faces:
        middle = (x1 + x2) / 2 / WIDTH, (y1 + y2) / 2 / HEIGHT
        shares = (*middle, (x2 - x1) / WIDTH, (y2 - y1) / HEIGHT)
        lines += " ".join([str(classes.index(name)), *(f"{share:.6f}" for share in shares)]) + "\n"
    return lines


def coco(
    files: Mapping[str, list[Face]],
    size: tuple[int, int] = (WIDTH, HEIGHT),
    names: tuple[str, ...] = CLASSES,
) -> str:
    """Write a COCO file."""
    images = [
        {"id": 7 + number, "file_name": file, "width": size[0], "height": size[1]}
        for number, file in enumerate(files)
    ]
    boxes = [
        {
            "image_id": 7 + number,
            "category_id": 3 * (CLASSES.index(name) + 1),
            "bbox": [x1, y1, x2 - x1, y2 - y1],
            "area": (x2 - x1) * (y2 - y1),
            "iscrowd": 0,
        }
        for number, faces in enumerate(files.values())
        for name, (x1, y1, x2, y2) in faces
    ]
    record = {
        "info": {"description": "faces"},
        "images": images,
        "annotations": [{"id": number, **box} for number, box in enumerate(boxes)],
        "categories": [
            {"id": 3 * (number + 1), "name": name, "supercategory": "face"}
            for number, name in enumerate(names)
        ],
    }
    return json.dumps(record)


def cvat(files: Mapping[str, list[Face]]) -> str:
    """Write an export of CVAT for images 1.1."""
    images = ""
    for number, (file, faces) in enumerate(files.items()):
        boxes = "".join(
            f'<box label="{name}" occluded="0" source="manual" xtl="{x1:.2f}" ytl="{y1:.2f}" '
            f'xbr="{x2:.2f}" ybr="{y2:.2f}" z_order="0"></box>'
            for name, (x1, y1, x2, y2) in faces
        )
        size = f'width="{WIDTH}" height="{HEIGHT}"'
        images += f'<image id="{number}" name="{file}" {size}>{boxes}</image>'
    return f"<annotations><version>1.1</version><meta></meta>{images}</annotations>"


def yaml(**fields: object) -> str:
    """Write a data.yaml; JSON is YAML, too."""
    return "".join(f"{key}: {json.dumps(value)}\n" for key, value in fields.items())
