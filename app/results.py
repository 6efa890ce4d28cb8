"""What was found on a visitor's photographs: the answer, every face, and all of it to take home."""

import io
import json
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import streamlit as st

from app import model
from app.album import Album
from app.answer import show_answer
from app.told import plain, tell_error, tell_list
from utils.analysis.prediction.looking import Unread
from utils.analysis.prediction.tables import faces_table
from utils.apply.collected import Collected
from utils.apply.looking import Found
from utils.apply.pictures import picture_names
from utils.apply.sentences import closing, sentence
from utils.dataset.images import encode_jpeg
from utils.dataset.intake.photographs import NewPhotographs
from utils.dataset.labels import CLASS_IDS, CLASSES, TITLES
from utils.drawing.faces import draw_detections
from utils.drawing.hiding import hidden
from utils.errors import number_of
from utils.metrics.detections import Detections

PAGE = 6
"""Photographs on a page."""

TALLEST = 800
"""Pixels of a picture's height on a page: a portrait as wide as the page would fill two screens."""

SHRUNK = 8
"""How many times as large as what the model looks at a photograph is, of which that is told."""


@dataclass(frozen=True)
class Look:
    """How a visitor wants it shown.

    Attributes
    ----------
    threshold
        Confidence from which a face counts.
    smallest
        Pixels of the longer side from which a face counts.
    hide
        Whether faces are made unrecognisable in all pictures.
    """

    threshold: float
    smallest: int
    hide: bool


def how(shared: model.Shared) -> Look:
    """Let the visitor choose how it is shown."""
    own = float(shared.model.threshold)
    side = st.sidebar
    threshold = side.slider("Confidence from which a face counts", 0.0, 1.0, own, 0.01)
    if abs(threshold - own) < 0.005:  # a slider has steps
        threshold = own
    smallest = side.slider("Smallest face, pixels", 0, 100, 0)
    return Look(threshold, smallest, side.toggle("Make faces unrecognisable"))


def show_results(album: Album, shared: model.Shared, look: Look) -> None:
    """Show the answer, each photograph, and what can be taken home."""
    unread = [one.reason for one in album.found if isinstance(one, Unread)]
    if len(unread) == len(album.found):
        tell_error("There is nothing to tell, because no photograph could be read")
        tell_list(f"Not read: {number_of(len(unread), 'photograph')}", unread)
        return
    found = [_at_least(one, look.smallest) for one in album.found]
    collected = Collected(shared.with_threshold(look.threshold), album.groups)
    for one in found:
        collected.add(one)
    predictions = collected.predictions()
    why = None
    if look.smallest:
        why = (
            f"faces below {look.smallest} pixels were left out, which the test of the model "
            "counted. Set the smallest face to 0"
        )
    rate = collected.rate(predictions, album.photographs.facts, uncorrected=why)
    masked, lines = rate["properly_masked"], closing(rate, collected.absent)
    counted = lines[0] if lines[0].startswith("Counted") else None
    show_answer(rate, masked.get("share"), masked.get("interval"), counted)
    if unread:
        tell_list(f"Not read: {number_of(len(unread), 'photograph')}", unread)
    seen = [one for one in found if isinstance(one, Found)]
    table = io.BytesIO()
    faces_table(table, predictions)
    faces = collected.faces(predictions, {})
    columns = st.columns(3)
    columns[0].download_button(
        "All faces (CSV)",
        table.getvalue(),
        "faces.csv",
        "text/csv",
        width="stretch",
        on_click="ignore",
    )
    columns[1].download_button(
        "Faces and rate (JSON)",
        json.dumps({"faces": faces, "rate": rate}, indent=1),
        "faces.json",
        "application/json",
        width="stretch",
        on_click="ignore",
    )
    columns[2].download_button(
        "Pictures (zip)",
        lambda: _zipped(album.photographs, seen, look),
        "pictures.zip",
        "application/zip",
        width="stretch",
        on_click="ignore",  # a new run of the page would take away what is fetched
    )
    resembled = {one["file"]: one["resembles"] for one in predictions.summaries}
    notes = {one.record["file"]: _notes(one, shared, resembled) for one in seen}
    _pictures(album.photographs, seen, look, collected.absent, notes)


def _notes(one: Found, shared: model.Shared, resembled: Mapping[str, str | None]) -> list[str]:
    """Return what is to be known of one photograph."""
    notes = []
    if like := resembled[one.record["file"]]:
        notes.append(f"A near-duplicate of {like}.")
    size = getattr(shared.model, "image_size", None)  # a model of two stages has none of its own
    times = max(one.record["width"], one.record["height"]) / size if size else 1
    if times >= SHRUNK:
        notes.append(
            f"Shrunk to 1/{times:.0f} of its width and height before it is looked at, so that "
            "small faces on it are not found. Cut it into parts, and drop these."
        )
    return notes


def _pictures(
    photographs: NewPhotographs,
    seen: Sequence[Found],
    look: Look,
    absent: Sequence[str],
    notes: Mapping[str, Sequence[str]],
) -> None:
    pages = -(-len(seen) // PAGE)
    page = 1
    if pages > 1:
        page = int(st.number_input(f"Page, of {pages}", 1, pages, 1))
    for one in seen[(page - 1) * PAGE : page * PAGE]:
        with st.container(border=True):
            words = sentence(one.record, look.threshold, absent)
            st.markdown(plain(words))
            for note in notes[one.record["file"]]:
                st.caption(plain(note))
            picture = _drawn(photographs, one, look)
            height, width = picture.shape[:2]
            frame = st.container(width=max(1, round(TALLEST * width / height)))
            frame.image(picture, width="stretch", alt=words)  # not wider than the page
            faces = [f for f in one.record["faces"] if f["confidence"] >= look.threshold]
            if faces:
                with st.expander(number_of(len(faces), "face")):
                    st.dataframe([_row(face) for face in faces], hide_index=True)


def _row(face: Mapping[str, Any]) -> dict[str, Any]:
    x1, y1, x2, y2 = face["box"]
    of_class = dict(zip(TITLES, face["probabilities"], strict=True))
    return {
        "what": TITLES[CLASS_IDS[face["class"]]],
        "confidence": f"{100 * face['confidence']:.0f} %",
        **{
            TITLES[CLASS_IDS[name]]: round(of_class[TITLES[CLASS_IDS[name]]], 3) for name in CLASSES
        },
        "no face": round(face["probabilities"][0], 3),
        "left": round(x1),
        "top": round(y1),
        "width": round(x2 - x1),
        "height": round(y2 - y1),
    }


def _at_least(one: Found | Unread, smallest: int) -> Found | Unread:
    """Return what was found less faces that are too small."""
    if isinstance(one, Unread) or not smallest:
        return one
    faces = [face for face in one.record["faces"] if _side(face["box"]) >= smallest]
    return replace(one, record={**one.record, "faces": faces})


def _side(box: Sequence[float]) -> float:
    return max(box[2] - box[0], box[3] - box[1])


def _drawn(photographs: NewPhotographs, one: Found, look: Look) -> np.ndarray:
    """Return a photograph with its faces, uint8 (H, W, 3)."""
    name = one.record["file"]
    read = next(read for file, read in photographs.readers() if file == name)
    image = read().decode()
    found = Detections.from_record(one.record["faces"])
    if look.hide:
        image = hidden(image, found.boxes)
    return draw_detections(image, found, look.threshold)


def _zipped(photographs: NewPhotographs, seen: Sequence[Found], look: Look) -> bytes:
    """Return a zip of all pictures."""
    files = picture_names(one.record["name"] for one in seen)
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_STORED) as archive:
        for one in seen:
            picture = encode_jpeg(_drawn(photographs, one, look))
            archive.writestr(files[one.record["name"]], picture)
    return made.getvalue()
