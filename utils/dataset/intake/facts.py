"""What was found, mended and left out: the record of it, and the lines that the console says.

The record stands in ``configuration.json`` under ``data`` (and ``new_photographs``, which
`NewPhotographs` describes). Its fields:

``format``, ``layout``
    "YOLO"; in which folders things lie, in words.
``photos``, ``empty``
    Photographs packed, and those of them without any face (of a class that is not left out).
``faces``
    By our class, as packed; a class that is not there has 0.
``classes_missing``
    Our classes that no face has.
``class_names``
    For each name in the files: ``{"name", "class", "faces"}``; class None: left out, and its boxes
    count nowhere else.
``unlabelled``
    ``{"photos": n, "as": "skip" or "negative"}``: photographs that nothing annotated.
``annotations_without_photograph``
    Left out.
``unreadable``
    ``{"file", "reason"}`` of what --skip-bad left out.
``empty_classes``
    Folders called like classes in which no photograph lies.
``elsewhere``
    Photographs outside the folders of the data set, left alone.
``not_read``
    Pictures of kinds that are not read, by kind ("HEIC").
``left_alone``
    Other files by suffix.
``boxes``
    ``total``; ``swapped``: corners were reversed; ``duplicates``: repeated exactly, dropped;
    ``dropped``: less than a pixel inside the image, which `split_data` leaves out; ``clipped``:
    which it cuts at the border, ``halved`` those of them by more than half; ``left_out``: by kind,
    what was marked and is no box around a face.
``too_small``
    Faces that are too small to be cut out, where single faces are to be judged.
``scaled``, ``turned``, ``turn_untold``, ``sizes_differ``
    Photographs whose boxes were scaled, or turned with the image, because the annotation tells
    another size; those with an EXIF turn of which no size tells whether boxes were drawn before it;
    and those where the size differs otherwise, or is not believed, and nothing was done.
``split``, ``given_sides``
    "groups" or "given", and photographs by side where folders name sides.
``named_by_path``
    Photographs named by folder and file, since stems are equal.
``links_not_followed``
    Links to folders that were left out.
"""

from collections import Counter
from collections.abc import Mapping
from typing import Any

from utils.dataset.intake.boxes import Boxes
from utils.dataset.intake.layout import FORMATS, Layout, left_alone
from utils.dataset.labels import CLASSES


def facts_of(
    layout: Layout,
    *,
    read_faces: Counter[str],
    classes: Mapping[str, str | None],
    boxes: Boxes,
    unlabelled: str,
    sides: dict[str, int],
    **counts: Any,
) -> dict[str, Any]:
    """Return the record of a data set; see above for its fields."""
    faces = dict.fromkeys(CLASSES, 0)
    for name, count in read_faces.items():
        if (ours := classes[name]) is not None:
            faces[ours] += count
    mended, placing = boxes.mended, boxes.placing
    not_read, others = left_alone(layout.others)
    return {
        "format": FORMATS[layout.format],
        "layout": layout.words(),
        **counts,
        "faces": faces,
        "classes_missing": [name for name, count in faces.items() if not count],
        "class_names": [
            {"name": name, "class": classes[name], "faces": read_faces[name]}
            for name in sorted(read_faces)
        ],
        "unlabelled": {"photos": len(layout.unlabelled), "as": unlabelled},
        "annotations_without_photograph": len(layout.orphans),
        "empty_classes": layout.empty_classes,
        "elsewhere": len(layout.elsewhere),
        "not_read": not_read,
        "left_alone": others,
        "boxes": {
            "total": mended.boxes,
            "swapped": mended.swapped,
            "duplicates": mended.duplicates,
            "dropped": mended.dropped,
            "clipped": mended.clipped,
            "halved": mended.halved,
            "left_out": dict(sorted(mended.left_out.items())),
        },
        "scaled": placing.scaled,
        "turned": placing.turned,
        "turn_untold": placing.turn_untold,
        "sizes_differ": placing.differ,
        "given_sides": sides,
    }
