"""The tables on Spark: a row a photograph, or a video, that travels without its picture."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import numpy as np

from utils.analysis.prediction.looking import Unread
from utils.apply.looking import Found
from utils.dataset.labels import CLASSES
from utils.dataset.splitting.fingerprint_index import packed_from_bytes
from utils.video.people import Person, View

DONE, NOT_READ, OTHER = "done", "not_read", "no_photograph"
"""Of ``status``: looked at; damaged, ``reason`` says how; of another ``kind`` in spite of its name,
which is counted and left out."""

_OF_A_FILE = (
    *("path string", "status string", "reason string", "kind string", "bytes long"),
    *("modified timestamp", "event_time timestamp", "people int"),
    *(f"{name} int" for name in CLASSES),
)
_OF_A_WORKER = ("model string", "threshold double", "worker string")
_FACE = "box: array<double>, class: string, confidence: double, probabilities: array<double>"
_PERSON = "first: double, last: double, seen: int, shares: array<double>"

PHOTOGRAPHS = ", ".join(
    (
        *_OF_A_FILE,
        *("width int", "height int", "taken string", "looks map<string, double>"),
        *("compared boolean", "resembles string", f"faces array<struct<{_FACE}>>"),
        *("fingerprint binary", *_OF_A_WORKER),
    )
)
"""Of photographs: ``people`` are those who count, ``faces`` all that the model returned, as in
``faces.json``; ``compared`` whether it was looked up among those that the model learnt from."""

VIDEOS = ", ".join(
    (
        *_OF_A_FILE,
        *("seconds double", "gaps int", f"persons array<struct<{_PERSON}>>"),
        *("files map<string, binary>", *_OF_A_WORKER),
    )
)
"""Of videos: ``persons`` who count, and the ``files`` that ``detect.py`` writes of it."""

SCHEMA_OF = {False: PHOTOGRAPHS, True: VIDEOS}
"""By whether they are of videos."""


def counts_of(record: Mapping[str, Any], threshold: float) -> dict[str, int]:
    """Return ``people`` and a count a class of a photograph's record, of the faces that count."""
    kept = [face["class"] for face in record["faces"] if face["confidence"] >= threshold]
    return {"people": len(kept), **{name: kept.count(name) for name in CLASSES}}


def found_of(row: Mapping[str, Any], name: str, file: str) -> Found | Unread:
    """Return what a row of a photograph says, as `utils.apply.looking.look_at` would have.

    Parameters
    ----------
    row
        As plain values; without ``fingerprint`` no near-duplicates of it are found.
    name, file
        What the photograph is called in results.
    """
    if row["status"] != DONE:
        return Unread(file, (row["reason"] or "").replace(row["path"], file))
    faces = [face.asDict() if hasattr(face, "asDict") else dict(face) for face in row["faces"]]
    record = {"name": name, "file": file}
    record |= {key: row[key] for key in ("width", "height", "taken", "looks")}
    record["faces"] = faces
    if row["compared"]:
        record["resembles"] = row["resembles"]
    packed = row.get("fingerprint")
    return Found(record, packed and packed_from_bytes(bytes(packed)), None)


def persons_of(row: Mapping[str, Any]) -> list[Person]:
    """Return the people of a row of a video, as far as a rate needs them."""
    return [
        Person(
            tracks=[number],
            first=one["first"],
            last=one["last"],
            seen=one["seen"],
            views=[View(one["first"], 1.0, np.array(one["shares"]))],
            times=[[one["first"], one["last"]]],
        )
        for number, one in enumerate(row["persons"] or (), start=1)
    ]


def event_time(
    modified: datetime, taken: str | None, wanted: str, longest: float = 86_400.0
) -> datetime:
    """Return when a photograph is from: `taken` if that is wanted, and can be.

    A clock that is ahead of the file by more than a day is wrong, and would make all that comes
    later too late.
    """
    if wanted != "taken" or taken is None:
        return modified
    time = datetime.fromisoformat(taken).replace(tzinfo=modified.tzinfo)
    return modified if (time - modified).total_seconds() > longest else time
