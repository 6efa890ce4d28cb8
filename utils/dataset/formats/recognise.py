"""What a file of annotations is, by its beginning: one of the formats that are read, or another.

Only to choose a reader, and to tell people what they have: a reader may still refuse the file.
"""

import codecs
import csv
import json
import re

from bs4 import BeautifulSoup

from utils.errors import brief

READ = ("voc", "yolo", "coco", "cvat")
"""The formats that are read, as `sniff` and ``--format`` call them."""

ADVICE = {
    "CVAT for video": "export the task again as 'CVAT for images 1.1'",
    "LabelMe JSON": "convert it with labelme2coco, or export VOC or COCO",
    "LabelMe XML": "export VOC or COCO",
    "VIA JSON": "in VIA, export annotations as COCO format",
    "VIA CSV": "in VIA, export annotations as COCO format",
    "CreateML JSON": "export VOC, YOLO or COCO",
    "Label Studio JSON": "in Label Studio, export Pascal VOC XML, YOLO or COCO",
    "Labelbox JSON": "export COCO",
    "Supervisely JSON": "in Supervisely, export Pascal VOC, YOLO or COCO",
    "Datumaro JSON": "export COCO or 'CVAT for images 1.1'",
    "VoTT JSON": "in VoTT, export Pascal VOC",
    "FiftyOne JSON": "in FiftyOne, export COCO, VOC or YOLO",
    "Medical Masks JSON": "convert it to VOC, YOLO or COCO",
    "Ground Truth manifest": "convert it to COCO",
    "COCO results": "give the annotation file with 'images' and 'categories'",
    "COCO captions": "give the file instances_*.json",
    "COCO panoptic": "give the file instances_*.json",
    "dlib XML": "convert it to VOC",
    "TFRecord": "download the data set as VOC, YOLO or COCO",
    "OpenImages CSV": "convert it to VOC, YOLO or COCO",
    "TensorFlow CSV": "download the data set as VOC, YOLO or COCO",
    "a table (CSV)": "give VOC, YOLO, COCO or CVAT files",
    "ImageSets list": "it lists photographs and has no boxes; give the folder with Annotations/",
    "a list of photographs": "it has no boxes; give the folder with the annotations",
    "keras-yolo3 list": "convert it to VOC, YOLO or COCO",
    "WIDER FACE list": "convert it to VOC, YOLO or COCO",
    "boxes with class names": "convert it to VOC or COCO, or to YOLO, which has indices of classes",
    "PaliGemma JSONL": "export YOLO, VOC or COCO",
    "KITTI": "convert it to VOC, YOLO or COCO",
    "MOT": "export the task as VOC, YOLO or COCO",
    "a Git-LFS pointer": "run git lfs pull where the files were cloned",
    "a web page": "it was saved in place of the file; download it again, signed in",
}
"""What to do with files of other formats, by what `sniff` calls them."""

LISTS = ("ImageSets list", "a list of photographs", "a table (CSV)")
"""Those of them that may lie beside the annotations."""

_START = 256 * 1024
"""Bytes looked at."""


def sniff(data: bytes) -> str | None:
    """Return what a file is: one of `READ`, a key of `ADVICE`, or None where nothing tells.

    Parameters
    ----------
    data
        The file, or its beginning; the more, the surer. A title may follow "a web page".
    """
    start = data[:_START]
    if len(start) > 12 and start[4:8] == b"\0\0\0\0" and start[12] == 0x0A:
        return "TFRecord"  # length, its checksum, and the first field of an Example
    text = _text(start)
    if text is None:
        return None
    if text.startswith("version https://git-lfs.github.com/"):
        return "a Git-LFS pointer"
    if text.startswith(("{", "[")):
        return _json(text)
    if text.startswith("<"):
        return _xml(start, text)
    return _lines(text.splitlines()[: -1 if len(data) > _START else None])


def advice(found: str) -> str:
    """Return what to do with a file that `sniff` calls `found`."""
    return next(text for name, text in ADVICE.items() if found.startswith(name))


def _text(start: bytes) -> str | None:
    marked = start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    decoder = codecs.getincrementaldecoder("utf-16" if marked else "utf-8-sig")()
    try:
        text = decoder.decode(start).strip()  # a character cut off at the end is left out
    except UnicodeDecodeError:
        text = start.decode("latin-1").strip()
        if not text.startswith("<"):  # XML tells its encoding itself
            return None
    return None if "\0" in text or not text else text


def _json(text: str) -> str | None:
    keys = _keys(text)
    top, inner = keys.get(1, set()), set().union(*(keys[depth] for depth in keys if depth > 1))
    some = top | inner
    listed = text.startswith("[")
    rules = (
        ("VIA JSON", "_via_settings" in some or "_via_img_metadata" in some),
        ("VIA JSON", {"filename", "regions"} <= inner),
        ("LabelMe JSON", {"shapes", "imagePath"} <= top or {"shapes", "imageData"} <= top),
        ("Supervisely JSON", {"objects", "size"} <= top or {"classes", "projectType"} <= top),
        ("Medical Masks JSON", {"Annotations", "FileName"} <= top),
        ("VoTT JSON", {"asset", "regions"} <= top or "visitedAssets" in some),
        ("VoTT JSON", {"assets", "tags"} <= top and "asset" in inner),
        ("PaliGemma JSONL", {"image", "prefix", "suffix"} <= top),
        ("FiftyOne JSON", "samples" in top),
        ("Ground Truth manifest", "source-ref" in top),
        ("Datumaro JSON", {"categories", "items"} <= top),
        ("COCO panoptic", "annotations" in top and "segments_info" in inner),
        ("COCO captions", "annotations" in top and "caption" in inner),
        ("coco", not listed and "images" in top and bool(some & {"annotations", "categories"})),
        ("coco", not listed and "images" in top and "file_name" in inner),
        ("coco", {"annotations", "categories"} <= top),
        ("COCO results", listed and {"image_id", "category_id"} <= some),
        ("CreateML JSON", listed and {"image", "annotations"} <= top),
        ("Labelbox JSON", "Labeled Data" in some or "data_row" in some),
        ("Label Studio JSON", listed and "data" in top and bool(top & _LABEL_STUDIO)),
        ("Label Studio JSON", listed and {"annotator", "lead_time"} <= some),
    )
    return next((name for name, holds in rules if holds), None)


_LABEL_STUDIO = {"annotations", "completions", "predictions"}
_PART = re.compile(r'"(?:[^"\\]|\\.)*"|[][{}:,]')


def _keys(text: str) -> dict[int, set[str]]:
    """Return the names of fields by the number of objects that they stand in.

    The text may break off anywhere.
    """
    found: dict[int, set[str]] = {}
    depth, word = 0, ""
    for match in _PART.finditer(text):
        part = match.group()
        if part == ":" and word:
            found.setdefault(depth, set()).add(_unescaped(word))
        depth += (part == "{") - (part == "}")
        word = part if part.startswith('"') else ""
    return found


def _unescaped(word: str) -> str:
    try:
        return json.loads(word)
    except ValueError:
        return word[1:-1]


def _xml(start: bytes, text: str) -> str | None:
    """Look at a beginning of XML or HTML, which only a forgiving parser reads."""
    head = text[:1000].lower()
    page = "<!doctype html" in head or "<html" in head
    soup = BeautifulSoup(start[: 64 * 1024], "lxml" if page else "xml")
    if page:
        title = brief(soup.title.get_text(), 60) if soup.title else ""
        return f"a web page '{title}'" if title else "a web page"
    top = soup.find(["annotation", "annotations", "dataset"])
    if top is None:
        return None
    names = {tag.name for tag in top.find_all(True, limit=2000)}
    if top.name == "annotation":
        return "LabelMe XML" if "polygon" in names and "bndbox" not in names else "voc"
    if top.name == "dataset":
        return "dlib XML" if "box" in names else None
    if "track" in names:
        return "CVAT for video"
    return "cvat" if names & {"image", "version", "meta"} else None


def _lines(lines: list[str]) -> str | None:
    rows = [line.split() for line in lines[:200] if line.strip()]
    if not rows:
        return None
    if all(_is_yolo(row) for row in rows):
        return "yolo"
    if "," in lines[0]:
        return _table(lines)
    if all(len(row) >= 5 and _has_class_name(row) for row in rows):
        return "boxes with class names"  # OIDv4 ToolKit, BBox-Label-Tool
    if all(len(row) == 15 and not _is_number(row[0]) for row in rows):
        return "KITTI"
    photos = [row for row in rows if re.search(r"\.(jpe?g|png|bmp|tiff?|webp)$", row[0], re.I)]
    if photos and len(rows) > 2 and len(rows[1]) == 1 and rows[1][0].isdigit():
        return "WIDER FACE list"
    if photos and any(len(row) > 1 and "," in row[1] for row in rows):
        return "keras-yolo3 list"
    if len(photos) == len(rows) and all(len(row) == 1 for row in rows):
        return "a list of photographs"
    if all(len(row) == 1 or (len(row) == 2 and row[1] in ("-1", "0", "1")) for row in rows):
        return "ImageSets list"
    return None


def _table(lines: list[str]) -> str | None:
    header = {name.strip() for name in next(csv.reader(lines[:1]), [])}
    if {"ImageID", "LabelName", "XMin"} <= header:
        return "OpenImages CSV"
    if {"region_count", "region_shape_attributes"} <= header:
        return "VIA CSV"
    if {"filename", "class", "xmin"} <= header:
        return "TensorFlow CSV"
    first = lines[0].split(",")
    if len(first) >= 9 and all(map(_is_number, first)):
        return "MOT"
    if re.search(r"\.(jpe?g|png) [\d,]+ ?", lines[0], re.I):
        return "keras-yolo3 list"
    return "a table (CSV)" if len(header) > 2 else None


def _is_yolo(row: list[str]) -> bool:
    """Return whether a line may be of YOLO; its reader says that numbers take no commas."""
    numbers = [text.replace(",", ".", 1) for text in row]
    return len(row) >= 5 and all(map(_is_number, numbers)) and float(numbers[0]).is_integer()


def _has_class_name(row: list[str]) -> bool:
    return (
        not _is_number(row[0])
        and all(map(_is_number, row[-4:]))
        and not any(map(_is_number, row[1:-4]))
    )


def _is_number(text: str) -> bool:
    return re.fullmatch(r"\s*[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?\s*", text) is not None
