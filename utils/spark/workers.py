"""What the Python workers of Spark do: each loads the model once, and looks at what it is given."""

import contextlib
import gc
import os
import socket
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from utils.analysis.prediction.looking import Looked, Unread, look
from utils.analysis.prediction.predict import GREY_QUALITY
from utils.apply.faces import model_record
from utils.apply.looking import Settings, closely, learnt_of
from utils.apply.rate import why_uncorrected
from utils.dataset.intake.archives import Source
from utils.dataset.intake.kinds import READ, kind_by_bytes
from utils.dataset.labels import CLASSES
from utils.dataset.shards import MAX_MEMBER_BYTES, Photo
from utils.dataset.splitting.fingerprint_index import pack, packed_as_bytes
from utils.dataset.splitting.learnt import LearntPhotographs
from utils.errors import InputError, MaskDetectionError, brief
from utils.model_files import Model
from utils.spark.rows import DONE, NOT_READ, OTHER, counts_of, event_time
from utils.spark.sources import plain
from utils.video.clock import Clock
from utils.video.correction import Correction
from utils.video.files import VideoFile
from utils.video.folders import MemoryFolder
from utils.video.frames import Part
from utils.video.results import VideoResults, Wanted
from utils.video.watch import watch

if TYPE_CHECKING:
    import pandas as pd

LARGEST_TABLES = 2**28
"""Bytes of the tables of a video, at most: hours of crowds."""


@dataclass(frozen=True)
class Work:
    """What a worker is asked to do; it travels with each task.

    Attributes
    ----------
    model, faces
        Names of the files that Spark brings along; `faces` may be a word for a finder instead.
    threshold, device
        As `utils.apply.looking.Settings` has them.
    threads
        Of PyTorch and OpenCV: the cores of a task.
    fingerprints
        Whether what near-duplicates are known by comes back, too.
    event_time
        ``modified`` or ``taken``.
    part, least_seconds, began
        Of videos, as ``detect.py`` has them.
    """

    model: str
    faces: str | None = None
    threshold: float | None = None
    device: str | None = None
    threads: int = 1
    fingerprints: bool = True
    event_time: str = "modified"
    part: Part | None = None
    least_seconds: float = 0.5
    began: datetime | None = None


class Loaded:
    """The model that this process has loaded, and how often it had to."""

    key: tuple[Any, ...] | None = None
    model: Model
    learnt: LearntPhotographs | None
    times = 0

    @classmethod
    def of(cls, work: Work) -> type["Loaded"]:
        """Load what `work` asks for, unless it is there."""
        key = (work.model, work.faces, work.threshold, work.device)
        if cls.key != key:
            import cv2
            import torch

            torch.set_num_threads(work.threads)
            cv2.setNumThreads(work.threads)
            path = Path(_brought(work.model))
            faces = _brought(work.faces) if work.faces else None
            settings = Settings(path, work.device, work.threshold, False, faces)
            cls.model, cls.times = settings.load(), cls.times + 1
            cls.learnt, cls.key = learnt_of(cls.model, path), key
            # PySpark collects garbage after every task, which went through all of this each time:
            # a quarter of a second. What stays is looked at no more.
            gc.collect()
            gc.freeze()
        return cls


def look_at(work: Work, batches: Iterator["pd.DataFrame"]) -> Iterator["pd.DataFrame"]:
    """Turn batches of photographs into batches of `utils.spark.rows.PHOTOGRAPHS`.

    Parameters
    ----------
    batches
        With ``path``, ``modificationTime``, ``length`` and ``content``.
    """
    import pandas as pd

    for batch in batches:
        loaded = Loaded.of(work)
        yield pd.DataFrame(list(_looked(work, loaded, batch)))


def look_at_paths(work: Work, batches: Iterator["pd.DataFrame"]) -> Iterator["pd.DataFrame"]:
    """Do what `look_at` does for files of this machine that Spark's own reader leaves out.

    Parameters
    ----------
    batches
        With ``place``: the path as bytes, and ``path``, ``modificationTime`` and ``length``.
    """

    def read() -> Iterator["pd.DataFrame"]:
        for batch in batches:
            yield batch.assign(content=[content_of(bytes(place)) for place in batch["place"]])

    yield from look_at(work, read())


def watch_at(work: Work, batches: Iterator["pd.DataFrame"]) -> Iterator["pd.DataFrame"]:
    """Turn batches of videos into batches of `utils.spark.rows.VIDEOS`, one after the other.

    Parameters
    ----------
    batches
        With ``path``, ``modificationTime`` and ``length``.
    """
    import pandas as pd

    for batch in batches:
        for one in batch.itertuples(index=False):
            yield pd.DataFrame([_watched(work, Loaded.of(work), one)])


def _looked(work: Work, loaded: type[Loaded], batch: "pd.DataFrame") -> Iterator[dict[str, Any]]:
    files = {plain(one.path): one for one in batch.itertuples(index=False)}
    rows = {path: _of_a_file(path, one, loaded) for path, one in files.items()}

    def photos() -> Iterator[Photo | Unread]:
        for path, one in files.items():
            if isinstance(one.content, str):  # why it could not be read
                yield Unread(path, one.content)
                continue
            content = bytes(one.content)
            if len(content) > MAX_MEMBER_BYTES:
                yield Unread(path, f"{path}: has more than {MAX_MEMBER_BYTES} bytes; remove it")
                continue
            kind = kind_by_bytes(content[:2048])
            if kind in (None, "empty file", *READ):
                yield Photo(path, path, content)
            else:
                rows[path] |= {"status": OTHER, "kind": kind}

    for found in look(loaded.model, photos()):
        if isinstance(found, Unread):
            rows[found.file] |= {"status": NOT_READ, "reason": found.reason}
        else:
            rows[found.photo.filename] |= _of_a_photograph(work, loaded, found)
    for path, row in rows.items():
        modified = files[path].modificationTime
        row["event_time"] = event_time(modified, row["taken"], work.event_time)
        yield row


def _of_a_file(path: str, one: Any, loaded: type[Loaded]) -> dict[str, Any]:
    nothing = ("status", "reason", "kind", "width", "height", "taken", "looks", "resembles")
    return {
        **dict.fromkeys(nothing),
        **dict.fromkeys(("faces", "fingerprint", "event_time", "people", *CLASSES)),
        "path": path,
        "bytes": int(one.length),
        "modified": one.modificationTime,
        "compared": loaded.learnt is not None,
        "model": loaded.model.digest,
        "threshold": float(loaded.model.threshold),
        "worker": f"{socket.gethostname()}:{os.getpid()}",
    }


def _of_a_photograph(work: Work, loaded: type[Loaded], found: Looked) -> dict[str, Any]:
    record, looked = closely(found, loaded.learnt)
    kept = ("width", "height", "taken", "looks", "faces")
    return {
        "status": DONE,
        **{key: record[key] for key in kept},
        "resembles": record.get("resembles"),
        "fingerprint": packed_as_bytes(pack(looked, GREY_QUALITY)) if work.fingerprints else None,
        **counts_of(record, loaded.model.threshold),
    }


def _watched(work: Work, loaded: type[Loaded], one: Any) -> dict[str, Any]:
    """Return the row of a video: what ``detect.py --no-pictures`` writes of it, and its people."""
    path, model = plain(one.path), loaded.model
    row = _of_a_file(path, one, loaded)
    for name in ("width", "height", "taken", "looks", "resembles", "faces", "fingerprint"):
        del row[name]
    del row["compared"]
    row |= dict.fromkeys(("seconds", "gaps", "persons", "files"))
    row |= {"status": DONE, "event_time": one.modificationTime}
    why = why_uncorrected(model)
    correction = None if why else Correction.of(model.file.evaluation)
    told = {**model_record(model), "threshold": float(model.threshold)}
    wanted = Wanted(video=False, pictures=False, least_seconds=work.least_seconds)
    folder = MemoryFolder(LARGEST_TABLES)
    try:
        with contextlib.closing(VideoFile(Path(path), _again(work.part))) as source:
            results = VideoResults(folder, source, told, correction, why, wanted, Clock(work.began))
            for moment in watch(source, model, pictures=False):
                results.add(moment)
            record = results.finish()
    except (MaskDetectionError, OSError) as error:
        return row | {"status": NOT_READ, "reason": f"{path}: {brief(error, 300)}"}
    people = [person.label for person in results.people]
    return row | {
        "seconds": float(record["seconds"]["seen"]),
        "gaps": len(source.gaps),
        "persons": [
            {"first": p.first, "last": p.last, "seen": p.seen, "shares": p.shares.tolist()}
            for p in results.people
        ],
        "files": {name: folder.read(name) for name in folder.files},
        "people": len(people),
        **{name: people.count(number) for number, name in enumerate(CLASSES, start=1)},
    }


def _again(part: Part | None) -> Part:
    """Return a `Part` that has looked at nothing yet."""
    part = part or Part()
    return Part(part.every, part.start, part.end, part.limit, part.rate)


def content_of(place: bytes) -> bytes | str:
    """Return what is in a file; why it cannot be read, in words, where it cannot."""
    path = Path(os.fsdecode(place))
    try:
        with Source(path) as source:
            return source.read(path.name)
    except InputError as error:
        return str(error)


def _brought(name: str) -> str:
    """Return the path of a file that Spark brings to each machine; any other word as it is."""
    from pyspark import SparkFiles

    path = SparkFiles.get(name)
    return path if Path(path).is_file() else name
