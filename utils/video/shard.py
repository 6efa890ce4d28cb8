"""A job's videos, watched one after the other, each as if nothing had ever ended the job.

Every so often all that is known goes into the checkpoint: where the file stands, who is followed,
who was seen. So a job that was killed loses a segment, which is what it watched since; and one
that goes on makes the files that it would have made, since nothing depends on where a segment ends.
"""

import logging
import time as clock
import zlib
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from utils.dataset.shards import write_shard
from utils.errors import Checkpointed, InputError, brief, number_of
from utils.records import atomic_file, read_record, write_record
from utils.training.checkpoint import Checkpoint, digest_files
from utils.video.files import VideoFile, as_called
from utils.video.frames import Gap, Part, Place
from utils.video.people import LEAST_SECONDS
from utils.video.seen import Seen
from utils.video.state import restore, state_of
from utils.video.tables import FACES, csv_of, face_rows
from utils.video.timeline import Clock
from utils.video.watch import Model, Watcher
from utils.video.watched import Watched

SCHEMA = 1
"""Of ``video_predictions_<p>.json``."""

SEGMENT = 30.0
"""Seconds of work between two checkpoints, at least."""

COLUMNS = ("video", *FACES)
"""Of ``video_faces_<p>.csv``."""

_COST = 20  # times as long as writing a checkpoint takes, a segment lasts at least
_CLOCK = Clock()

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Looking:
    """How videos are looked at.

    Attributes
    ----------
    rate
        The most frames a second; None for all there are.
    every
        Only each so many-th frame.
    least_seconds
        How long somebody must be seen to count.
    blur
        Whether every face is hidden on pictures of people.
    """

    rate: float | None = None
    every: int = 1
    least_seconds: float = LEAST_SECONDS
    blur: bool = False


@dataclass(frozen=True)
class Outputs:
    """The files that a job makes.

    Attributes
    ----------
    predictions
        The record: ``threshold``, ``model`` ({arch, digest}), ``looking``, ``videos``: of each
        ``file``, ``name``, ``facts`` (`utils.video.files.VideoFile.facts`) and what
        `Seen.as_record` returns; and ``failed``: ``{file, reason}`` of those of which no frame
        can be decoded.
    faces
        Every detection of every frame, however unsure, in the columns `COLUMNS`.
    images
        A shard with the best view of everybody who counts, called ``<video>/<number>.jpg``.
    """

    predictions: Path
    faces: Path
    images: Path


def watch_shard(
    model: Model,
    videos: Sequence[Path],
    listed: Path,
    looking: Looking,
    outputs: Outputs,
    checkpoint: Path,
    stop: Callable[[], bool] = lambda: False,
    minutes: float | None = None,
    segment: float = SEGMENT,
) -> dict[str, Any]:
    """Watch videos and write what was seen; return the record.

    Parameters
    ----------
    videos
        Files, in the order of their names.
    listed
        A record with what each is called: ``videos`` ([{file, name}]).
    checkpoint
        Where it is kept how far it is; what is there already is gone on with.
    stop
        Asked after every frame; once true, all is saved and `Checkpointed` raised.
    minutes
        After which the same is done at the end of a segment, for an engine that keeps checkpoints
        only of jobs that end.
    segment
        Seconds of work between two checkpoints, at least.

    Raises
    ------
    Checkpointed
        After `stop` asked for it, or so many minutes.
    """
    names = {one["file"]: one["name"] for one in read_record(listed)["videos"]}
    told = {"names": [names[path.name] for path in videos], "model": model.digest}
    job = {**told, "videos": digest_files(videos), **asdict(looking)}
    file = Checkpoint(checkpoint, job)
    file.start()
    saving = _Saving(file, stop, minutes, segment)
    done = [Watched.of_state(state) for state in (file.state or {}).get("done", [])]
    started = (file.state or {}).get("now")
    for path in videos[len(done) :]:
        watched = Watched.of_state(started["watched"]) if started else None
        watched = watched or Watched(path.name, names[path.name], Seen(looking.least_seconds))
        _watch(path, watched, model, looking, started, done, saving)
        done.append(watched)
        started = None
        saving.at_end(done)
    record = {
        "threshold": float(model.threshold),
        "model": {"arch": model.arch, "digest": model.digest},
        "looking": asdict(looking),
        "videos": [one.as_record() for one in done if one.failed is None],
        "failed": [{"file": one.name, "reason": one.failed} for one in done if one.failed],
    }
    with atomic_file(outputs.faces) as table:
        table.write(csv_of([COLUMNS]))
        for one in done:
            for rows in one.rows:
                table.write(zlib.decompress(rows))
    write_shard(outputs.images, (photo for one in done for photo in one.photos()))
    write_record(outputs.predictions, record, SCHEMA)
    return record


class _Saving:
    """Writes the checkpoint at the end of each segment."""

    def __init__(
        self, file: Checkpoint, stop: Callable[[], bool], minutes: float | None, segment: float
    ) -> None:
        self._file, self._stop, self._segment = file, stop, segment
        self._due = None if minutes is None else clock.monotonic() + 60 * minutes
        self._last = clock.monotonic()

    def at_frame(self, state: Callable[[], dict[str, Any]], where: str) -> None:
        """Save after a frame, where a segment ends with it.

        Raises
        ------
        Checkpointed
            If the job is to end here.
        """
        stopped = self._stop()
        if not stopped and clock.monotonic() - self._last < self._segment:
            return
        began = clock.monotonic()
        self._file.save(state())
        self._last = clock.monotonic()
        if self._segment:  # 0: every frame, whatever it costs
            self._segment = max(self._segment, _COST * (self._last - began))
        if stopped:
            raise Checkpointed(f"stopped at {where}; the checkpoint is {self._file.path}")
        if self._due is not None and self._last >= self._due:
            raise Checkpointed(f"handing over at {where}; the checkpoint is {self._file.path}")
        log.info("%s", where)

    def at_end(self, done: Sequence[Watched]) -> None:
        """Save after a video, if the job is to end, or a segment is over."""
        told = f"the end of {done[-1].name}"
        self.at_frame(lambda: {"done": [one.as_state() for one in done], "now": None}, told)


def _watch(
    path: Path,
    watched: Watched,
    model: Model,
    looking: Looking,
    started: dict[str, Any] | None,
    done: Sequence[Watched],
    saving: _Saving,
) -> None:
    """Watch a video to its end, from its start or from where it was left."""
    part = Part(every=looking.every, rate=looking.rate)
    try:
        source = VideoFile(path, part)
    except InputError as error:
        watched.failed = as_called(error, path, watched.name)
        log.warning("%s", watched.failed)
        return
    source.name = brief(watched.name, 200)
    seen, after = watched.seen, None
    seen.gaps = source.gaps
    watcher = Watcher(model, hide=looking.blur)
    if started:
        after = Place(**started["place"])
        restore(watcher, started["watcher"])
    last = after.time if after else 0.0

    with closing(source):
        try:
            for frame in source.frames(after):
                moment = watcher.look(frame)
                last = frame.time
                watched.keep(seen.add(moment))
                watched.add_rows(face_rows(moment, model.threshold, _CLOCK))

                def state(frame: Any = frame) -> dict[str, Any]:
                    watched.end_segment()
                    return {
                        "done": [one.as_state() for one in done],
                        "now": {
                            "watched": watched.as_state(),
                            "place": asdict(source.place(frame)),
                            "watcher": state_of(watcher),
                        },
                    }

                people = number_of(len(seen.people), "person", "people")
                where = f"{watched.name}: {_CLOCK.told(last)}, {people} so far"
                saving.at_frame(state, where)
        except InputError as error:
            reason = as_called(error, path, watched.name)
            log.warning("%s", reason)
            if not seen.frames:
                watched.failed = reason
                return
            source.gaps.append(Gap(last, max(source.duration or 0.0, last), f"cut off: {reason}"))
        seen.doubts = source.doubts
        watched.keep(seen.leave(watcher.finish()))
        watched.end_segment()
        watched.facts = source.facts()
