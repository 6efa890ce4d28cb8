"""The page of a comparison of two versions, with pictures: one file that needs no other."""

import io
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageDraw

from utils.analysis.report.page import environment
from utils.analysis.report.pictures import data_address
from utils.data_store.differences import Differences, FaceChange, PhotoChange
from utils.data_store.manifest import KeptPhoto
from utils.data_store.operands import Operand
from utils.data_store.words_of_differences import change_of_face, change_of_photo, summary
from utils.dataset.faces import Faces
from utils.dataset.images import decode
from utils.dataset.labels import CLASS_IDS, CLASSES, TITLES
from utils.dataset.version import Face, box_of
from utils.drawing.faces import draw_faces
from utils.errors import InputError
from utils.records import write_atomically

TEMPLATE = "differences.html"
SHOWN = 24
"""Photographs of each kind that the page shows; the table counts all."""

_WIDEST = 720  # pixels of a picture's longer side
_UNCHANGED = "#b9c2cb"


@dataclass(frozen=True)
class _Picture:
    """A picture as an address, and in words; without an address, why there is none."""

    source: str
    words: str


class _Drawing:
    """Draws photographs of both; those that cannot be read are kept, with the reason."""

    def __init__(self) -> None:
        self.unread: dict[str, str] = {}

    def of(self, where: Operand, photo: KeptPhoto, faces: Sequence[Face]) -> _Picture:
        """Draw faces with their classes, and a thin frame around each of the others."""
        words = f"{photo.filename} in {where.name}"
        try:
            return _Picture(_drawn(where.read(photo), photo, faces), words)
        except InputError as error:
            self.unread[words] = str(error)
            return _Picture("", f"{words} cannot be read")


def write_page(
    differences: Differences, first: Operand, second: Operand, page: Path
) -> dict[str, str]:
    """Write the page; return why photographs that it should show are not shown.

    Returns
    -------
    The reason by ``PHOTOGRAPH in VERSION``: it is gone or damaged.
    """
    drawing = _Drawing()
    template = environment({TEMPLATE: _template()}).get_template(TEMPLATE)
    changed = _most_changed(differences.changed)
    html = template.render(
        first=first.name,
        second=second.name,
        it=differences,
        summary=summary(differences),
        faces=differences.faces(),
        titles=dict(zip(CLASSES, TITLES[1:], strict=True)),
        changed=[_shown(one, first, second, drawing) for one in changed],
        moved=[one for one in differences.changed if one.moved],
        added=[_single(one, second, drawing) for one in differences.added[:SHOWN]],
        removed=[_single(one, first, drawing) for one in differences.removed[:SHOWN]],
        most=SHOWN,
    )
    write_atomically(page, html.encode())
    return drawing.unread


def _most_changed(changes: Sequence[PhotoChange]) -> list[PhotoChange]:
    """Return the photographs to show: those on which most faces differ, or the file itself."""
    seen = [one for one in changes if one.faces or one.replaced]
    kept = sorted(seen, key=lambda one: (not one.replaced, -len(one.faces)))[:SHOWN]
    return sorted(kept, key=lambda one: one.after.filename)


def _shown(one: PhotoChange, first: Operand, second: Operand, drawing: _Drawing) -> dict[str, Any]:
    before = [face.before for face in one.faces if face.before]
    after = [face.after for face in one.faces if face.after]
    return {
        "name": one.after.filename,
        "what": change_of_photo(one),
        "faces": [change_of_face(face) for face in _in_order(one.faces)],
        "before": drawing.of(first, one.before, before),
        "after": drawing.of(second, one.after, after),
    }


def _in_order(faces: Sequence[FaceChange]) -> list[FaceChange]:
    return sorted(faces, key=lambda one: (one.what, (one.after or one.before)[1:]))


def _single(photo: KeptPhoto, where: Operand, drawing: _Drawing) -> dict[str, Any]:
    return {
        "name": photo.filename,
        "side": photo.side,
        "picture": drawing.of(where, photo, photo.faces),
    }


def _drawn(data: bytes, photo: KeptPhoto, faces: Sequence[Face]) -> str:
    image = Image.fromarray(decode(data, photo.filename))
    draw = ImageDraw.Draw(image)
    for face in photo.faces:
        if face not in faces:
            draw.rectangle(box_of(face), outline=_UNCHANGED, width=max(1, max(image.size) // 400))
    boxes = np.array([box_of(face) for face in faces], np.float32).reshape(-1, 4)
    labels = np.array([CLASS_IDS[face[0]] for face in faces], np.int64)
    drawing = Image.fromarray(draw_faces(np.asarray(image), Faces(boxes, labels), strip=False))
    drawing.thumbnail((_WIDEST, _WIDEST))
    held = io.BytesIO()
    drawing.save(held, "JPEG", quality=85)
    return data_address(held.getvalue(), "jpeg")


def _template() -> str:
    return (files("utils.data_store") / "templates" / TEMPLATE).read_text("utf-8")
