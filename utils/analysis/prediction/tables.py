"""What was found on new photographs, as tables: ``predictions.txt`` and ``predictions.csv``."""

import csv
import io
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, BinaryIO

from utils.analysis.prediction.merged import Predictions
from utils.dataset.labels import BACKGROUND, CLASSES, TITLES
from utils.metrics.detections import Detections
from utils.records import atomic_file

COLUMNS = (
    *("photograph", "status", "x1", "y1", "x2", "y2", "class"),
    *(*CLASSES, "no_face", "confidence", "passed_threshold", "group"),
)
"""Columns of ``predictions.csv``; those named like classes hold their probabilities."""

_FORMULA = tuple(
    "=+-@\t\r\n\N{FULLWIDTH EQUALS SIGN}\N{FULLWIDTH PLUS SIGN}"
    "\N{FULLWIDTH HYPHEN-MINUS}\N{FULLWIDTH COMMERCIAL AT}'"
)


def predictions_table(
    photos: Sequence[dict[str, Any]], threshold: float, skipped: Sequence[dict[str, str]] = ()
) -> str:
    """Return one aligned line a photograph, and a last one with the sums.

    Parameters
    ----------
    photos
        As `utils.analysis.prediction.summary.summarise` returns them.
    threshold
        Confidence from which boxes were counted; 0 where each photograph was judged as one face.
    skipped
        ``{file, reason}`` of the photographs that could not be read.
    """
    head = ["people", *TITLES[1:], "lowest confidence"]
    wide = max([len("photograph"), len("all"), *(len(photo["file"]) for photo in photos)])
    lines = [
        f"# People on {len(photos)} new photographs, {_counted(threshold)}.",
        "# What the model said, not corrected for its mistakes; for that see report.html.",
        "  ".join(["photograph".ljust(wide), *head]),
    ]
    for photo in photos:
        lowest = "-" if photo["lowest"] is None else f"{photo['lowest']:.2f}"
        lines.append(_line(photo["file"], wide, head, photo["people"], photo["counts"], lowest))
    sums = {name: sum(photo["counts"][name] for photo in photos) for name in CLASSES}
    lines.append(_line("all", wide, head, sum(sums.values()), sums, ""))
    lines += [f"# not read: {item['file']}: {item['reason']}" for item in skipped]
    return "\n".join(lines) + "\n"


def _counted(threshold: float) -> str:
    if not threshold:
        return "each judged as one face"
    return f"counted from confidence {threshold:.3f}"


def write_faces(path: Path, predictions: Predictions) -> None:
    """Write ``predictions.csv`` to a file, whole or not at all (see `faces_table`)."""
    with atomic_file(path) as file:
        faces_table(file, predictions)


def faces_table(file: BinaryIO, predictions: Predictions) -> None:
    """Write ``predictions.csv``: one row a box, with its class, probabilities and confidence.

    The table is RFC 4180 in UTF-8, with a head line of `COLUMNS`, sorted by photograph; of one
    photograph boxes stand by falling confidence. All boxes that the detector returned are there:
    those that were counted have "yes" under ``passed_threshold``, the others "no". ``status`` is
    "face". No photograph is missing: one without any box has a row of its own of status "no_face",
    one that could not be read has "not_read", and both are empty in the columns of a box. Boxes are
    pixels of the upright photograph: x1, y1, x2, y2, zero-based, half-open.

    A spreadsheet would compute a name that begins like a formula. Such a name (``=``, ``+``, ``-``,
    ``@`` and their wide forms, tab, line break) has an apostrophe in front. So has a name that
    begins with one; whoever reads the file takes one off.

    Photographs of one ``group`` are as one observation: a burst, crops, the same scene again.
    """
    text = io.TextIOWrapper(file, "utf-8", newline="", write_through=True)
    writer = csv.writer(text)
    writer.writerow(COLUMNS)
    for photo, found in zip(predictions.summaries, predictions.detections, strict=True):
        for row in _faces(photo["file"], found, predictions.threshold):
            writer.writerow([*row, photo["group"]])
    for item in predictions.skipped:
        writer.writerow([*_empty(item["file"], "not_read"), ""])
    text.detach()


def _faces(name: str, found: Detections, threshold: float) -> Iterator[list[str]]:
    if not len(found):
        yield _empty(name, "no_face")
    for k in range(len(found)):
        probabilities = list(map(str, found.probabilities[k]))
        yield [
            harmless(name),
            "face",
            *map(str, found.boxes[k]),
            CLASSES[found.labels[k] - 1],
            *probabilities[BACKGROUND + 1 :],
            probabilities[BACKGROUND],
            str(found.scores[k]),
            "yes" if found.scores[k] >= threshold else "no",
        ]


def _empty(name: str, status: str) -> list[str]:
    return [harmless(name), status, *[""] * (len(COLUMNS) - 3)]


def harmless(text: str) -> str:
    """Return a name as a cell that no spreadsheet computes (see `faces_table`)."""
    return f"'{text}" if text.startswith(_FORMULA) else text


def _line(
    title: str, wide: int, head: list[str], people: int, counts: dict[str, int], lowest: str
) -> str:
    cells = [str(people), *(str(counts[name]) for name in CLASSES), lowest]
    padded = [cell.rjust(len(word)) for cell, word in zip(cells, head, strict=True)]
    return "  ".join([title.ljust(wide), *padded]).rstrip()
