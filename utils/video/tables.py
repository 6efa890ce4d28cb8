"""Tables that grow: ``faces.csv`` and ``people.csv``, valid at any moment."""

import csv
import io
from collections.abc import Iterator, Sequence
from typing import Any, BinaryIO

import numpy as np

from utils.dataset.labels import BACKGROUND, CLASSES
from utils.video.clock import Clock
from utils.video.people import Person
from utils.video.watch import Moment

FACES = (
    *("time", "clock", "track", "x1", "y1", "x2", "y2", "class"),
    *(f"p_{name}" for name in CLASSES),
    *("p_no_face", "confidence", "passed_threshold"),
)
PEOPLE = (
    *("person", "tracks", "first_seen", "last_seen", "first_clock", "last_clock", "detections"),
    *("views", "class"),
    *(f"p_{name}" for name in CLASSES),
    *("confidence", "best_view", "quality", "picture"),
)
TIMELINE = (
    *("start", "minute", "clock", "people"),
    *CLASSES,
    *("share_found", "share", "low", "high", "seconds_seen", "seconds_missed"),
)


class GrowingTable:
    """A CSV file to which rows are added; one that does not fit on the disk is not in it.

    Parameters
    ----------
    file
        New and unbuffered, as `utils.video.folders` opens it.
    """

    def __init__(self, file: BinaryIO, columns: Sequence[str]) -> None:
        self._file, self._size = file, 0
        self.add([columns])

    def add(self, rows: Sequence[Sequence[Any]]) -> None:
        """Add rows: all of them, or none.

        Raises
        ------
        OSError
            If they cannot be written.
        """
        data = csv_of(rows)
        try:
            written = 0
            while written < len(data):
                written += self._file.write(data[written:])
        except OSError:
            self._file.truncate(self._size)
            self._file.seek(self._size)
            raise
        self._size += len(data)

    def close(self) -> None:
        """Close the file."""
        self._file.close()


def csv_of(rows: Sequence[Sequence[Any]]) -> bytes:
    """Return rows as CSV; None is an empty cell."""
    text = io.StringIO(newline="")
    csv.writer(text).writerows([["" if cell is None else cell for cell in row] for row in rows])
    return text.getvalue().encode()


def face_rows(moment: Moment, threshold: float, clock: Clock) -> Iterator[list[Any]]:
    """Yield a row a detection, however unsure, in the columns `FACES`."""
    found, time = moment.detections, moment.frame.time
    for index in range(len(found)):
        probabilities = [str(value) for value in found.probabilities[index]]
        yield [
            f"{time:.3f}",
            clock.iso(time),
            int(moment.tracks[index]) or None,
            *(f"{value:.2f}" for value in found.boxes[index]),
            CLASSES[found.labels[index] - 1],
            *probabilities[BACKGROUND + 1 :],
            probabilities[BACKGROUND],
            str(found.scores[index]),
            "yes" if found.scores[index] >= threshold else "no",
        ]


def person_row(number: int, person: Person, picture: str | None, clock: Clock) -> list[Any]:
    """Return the row of somebody who counts, in the columns `PEOPLE`."""
    shares = person.shares
    return [
        number,
        " ".join(map(str, person.tracks)),
        f"{person.first:.3f}",
        f"{person.last:.3f}",
        clock.iso(person.first),
        clock.iso(person.last),
        person.seen,
        len(person.views),
        person.title,
        *(f"{share:.4f}" for share in shares),
        f"{float(np.max(shares)):.4f}",
        f"{person.best.time:.3f}",
        f"{person.best.quality:.4f}",
        picture,
    ]


def timeline_table(rows: Sequence[dict[str, Any]]) -> bytes:
    """Return ``timeline.csv``: the records of `utils.video.rate.timeline_rows`."""
    return csv_of([TIMELINE, *map(timeline_cells, rows)])


def timeline_cells(row: dict[str, Any]) -> list[Any]:
    """Return the cells of such a record, in the columns `TIMELINE`."""
    low, high = row["interval"] or (None, None)
    counts = [row["counts"][name] for name in CLASSES]
    shares = [_rounded(value) for value in (row["raw_share"], row["share"], low, high)]
    seconds = [f"{row[name]:.1f}" for name in ("seconds_seen", "seconds_missed")]
    first = [f"{row['start']:.1f}", row["name"], row["clock"], row["people"]]
    return [*first, *counts, *shares, *seconds]


def _rounded(share: float | None) -> str | None:
    return None if share is None else f"{share:.4f}"
