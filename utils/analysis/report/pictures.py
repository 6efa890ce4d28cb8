"""The pictures of the report: which file stands where, and what it shows.

To add one, let a job write ``<stem>.png`` or ``<stem>.jpg`` (`utils.dag.learning_jobs`), and name
the stem here.
"""

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from utils.errors import InputError
from utils.records import read_made


@dataclass(frozen=True)
class Picture:
    """Where a picture stands in the page.

    Attributes
    ----------
    place
        The part of the page, as the template asks for it.
    words
        What the picture shows, for those who do not see it.
    wide
        Whether it takes the whole width.
    """

    place: str
    words: str
    wide: bool = True


PICTURES = {
    "shares_by_group": Picture(
        "places", "Share by place and time with its interval; the tables below hold the numbers"
    ),
    "confusion_matrix": Picture("detector", "Confusion matrix of the test photographs", wide=False),
    "precision_recall": Picture("detector", "Precision over recall by class", wide=False),
    "calibration": Picture(
        "confidence", "Share of boxes that are right by confidence, before and after calibration"
    ),
    "mistakes": Picture(
        "mistakes", "The worst mistakes on test photographs; the table below says what each is"
    ),
    "roc": Picture("roc", "ROC curves of the test faces, by class", wide=False),
    "faces_confusion_matrix": Picture("faces", "Confusion matrix of the test faces", wide=False),
    "faces_precision_recall": Picture("faces", "Precision over recall by class", wide=False),
    "faces_calibration": Picture(
        "faces_confidence", "Share of faces judged rightly by confidence, before and after"
    ),
    "faces_mistakes": Picture(
        "faces_mistakes", "The worst mistakes on test faces; the table below says what each is"
    ),
    "grad_cam": Picture("grad_cam", "Test faces, and on each where the classifier looked"),
    "class_distribution": Picture("classes", "Share of each class on each side of the split"),
    "annotated_photographs": Picture(
        "annotated", "Photographs with their annotated boxes; the table above says what was mended"
    ),
    "training_curves": Picture(
        "training", "Losses of training and validation, and validation precision, by epoch"
    ),
    "hpo_history": Picture("search", "Result of each trial, and its validation curve"),
}
"""By the stem of the file's name; in a place, pictures stand in this order."""


def read_pictures(paths: Sequence[Path]) -> dict[str, list[dict[str, Any]]]:
    """Return the pictures of each place: ``{place: [{source, words, wide}]}``.

    The source is a ``data:`` address that holds the whole picture. Places without a picture have an
    empty list.

    Raises
    ------
    InputError
        If a file cannot be read, has no place in the report, or is given twice.
    """
    files = {path.stem: path for path in paths}
    if len(files) < len(paths):
        raise InputError(
            f"--pictures: {len(paths)} files have {len(files)} names; give each picture once"
        )
    for stem in files.keys() - PICTURES.keys():
        raise InputError(
            f"{files[stem]}: no picture of the report; it shows those named {', '.join(PICTURES)}"
        )
    placed: dict[str, list[dict[str, Any]]] = {one.place: [] for one in PICTURES.values()}
    for stem, one in PICTURES.items():
        if stem in files:
            kind = "jpeg" if files[stem].suffix == ".jpg" else "png"
            source = data_address(read_made(files[stem]), kind)
            placed[one.place].append({"source": source, "words": one.words, "wide": one.wide})
    return placed


def data_address(data: bytes, kind: str) -> str:
    """Return an image of the given kind (``png``, ``jpeg``) as a ``data:`` address."""
    return f"data:image/{kind};base64,{base64.b64encode(data).decode()}"
