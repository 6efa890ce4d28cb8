"""What a job knows of a video: what was seen, rows and pictures, to write and to go on with."""

import csv
import io
import zlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from utils.analysis.prediction.tables import harmless
from utils.dataset.images import encode_jpeg
from utils.dataset.shards import Photo
from utils.video.people import Person
from utils.video.recording import Packets
from utils.video.seen import Seen


@dataclass
class Watched:
    """What is known of a video.

    Attributes
    ----------
    file, name
        Of the file as it travels, and as it is called.
    seen
        What was seen of it.
    facts
        Of the file, once it was watched to its end.
    failed
        Why nothing of it can be seen.
    packets
        Where its annotated video lies, if there is one.
    rows
        Rows of the table of faces, compressed, a segment each.
    pictures
        JPEGs of those who count, empty where there is none.
    """

    file: str
    name: str
    seen: Seen
    facts: dict[str, Any] | None = None
    failed: str | None = None
    packets: Packets | None = None

    def __post_init__(self) -> None:
        self.rows: list[bytes] = []
        self.pictures: list[bytes] = []
        self._table = io.StringIO(newline="")
        self._writer = csv.writer(self._table)

    def keep(self, people: Iterable[Person]) -> None:
        """Keep the pictures of people who count."""
        for person in people:
            there = person.picture is not None and person.picture.size
            self.pictures.append(encode_jpeg(person.picture) if there else b"")
            person.picture = None

    def add_rows(self, rows: Iterable[Sequence[Any]]) -> None:
        """Add rows to the table of faces."""
        first = harmless(self.name)
        for row in rows:
            self._writer.writerow([first, *("" if cell is None else cell for cell in row)])

    def end_segment(self) -> None:
        """Compress the rows that came since the last time."""
        if text := self._table.getvalue():
            self.rows.append(zlib.compress(text.encode(), 6))
            self._table.seek(0)
            self._table.truncate()

    def photos(self) -> Iterator[Photo]:
        """Yield the pictures of those who count, by rising names."""
        for number, picture in enumerate(self.pictures, start=1):
            if picture:
                name = picture_name(self.file, number)
                yield Photo(name, f"{name}.jpg", picture)

    def as_record(self) -> dict[str, Any]:
        told = {"file": self.file, "name": self.name, "facts": self.facts}
        return {**told, **self.seen.as_record()}

    def as_state(self) -> dict[str, Any]:
        told = {name: getattr(self, name) for name in ("file", "name", "facts", "failed")}
        bytes_of = {name: _tensor(getattr(self, name)) for name in ("rows", "pictures")}
        packets = self.packets and asdict(self.packets)
        return {**told, **bytes_of, "seen": self.seen.as_record(), "packets": packets}

    @classmethod
    def of_state(cls, state: dict[str, Any]) -> "Watched":
        seen = Seen.from_record(state["seen"], "the checkpoint")
        told = {name: state[name] for name in ("file", "name", "facts", "failed")}
        packets = state["packets"] and Packets(**state["packets"])
        made = cls(seen=seen, **told, packets=packets)
        made.rows, made.pictures = (_parts(state[name]) for name in ("rows", "pictures"))
        return made


def picture_name(file: str, number: int) -> str:
    """Return what the picture of a person is called in the shard of a job's pictures."""
    return f"{Path(file).stem}/{number:06d}"


def _tensor(parts: Sequence[bytes]) -> dict[str, Any]:
    data = np.frombuffer(b"".join(parts), np.uint8)
    return {"sizes": [len(part) for part in parts], "bytes": torch.from_numpy(data.copy())}


def _parts(packed: dict[str, Any]) -> list[bytes]:
    data, parts, start = packed["bytes"].numpy().tobytes(), [], 0
    for size in packed["sizes"]:
        parts.append(data[start : start + size])
        start += size
    return parts
