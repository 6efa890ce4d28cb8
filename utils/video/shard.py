"""A job's videos, watched one after the other, each as if nothing had ever ended the job.

Every so often all that is known goes into the checkpoint (`utils.video.segments`): where the file
stands, who is followed, who was seen. One that goes on makes the files that it would have made,
since nothing depends on where a segment ends.
"""

import logging
import zlib
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from utils.dataset.shards import write_shard
from utils.drift.scene import Scene
from utils.errors import InputError, brief, number_of
from utils.records import atomic_file, read_record, write_record
from utils.training.checkpoint import Checkpoint, digest_files
from utils.video.clock import Clock, time_of
from utils.video.drawing import drawn
from utils.video.files import VideoFile, as_called
from utils.video.frames import Frame, Gap, Part, Place
from utils.video.people import LEAST_SECONDS
from utils.video.recording import Recording
from utils.video.seen import Seen
from utils.video.segments import SEGMENT, Saving
from utils.video.state import restore, state_of
from utils.video.tables import FACES, csv_of, face_rows
from utils.video.watch import Model, Moment, Watcher
from utils.video.watched import Watched

SCHEMA = 2
"""Schema of ``video_predictions_<p>.json``."""

COLUMNS = ("video", *FACES)
"""Columns of ``video_faces_<p>.csv``."""

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
    clock
        When each video began, as `utils.video.clock.time_of` reads it; None where that is not
        known.
    annotated
        Whether there is an annotated video of each.
    """

    rate: float | None = None
    every: int = 1
    least_seconds: float = LEAST_SECONDS
    blur: bool = False
    clock: str | None = None
    annotated: bool = False


@dataclass(frozen=True)
class Outputs:
    """The files that a job makes.

    Attributes
    ----------
    predictions
        The record: ``threshold``, ``model`` ({arch, digest}), ``looking``, ``videos``: of each
        ``file``, ``name``, ``facts`` (`utils.video.files.VideoFile.facts`), the name of the
        ``annotated`` video or None, and what `Seen.as_record` returns; and ``failed``:
        ``{file, reason}`` of those of which no frame can be decoded.
    faces
        Every detection of every frame, however unsure, in the columns `COLUMNS`.
    images
        A shard with the best view of everybody who counts, called ``<video>/<number>.jpg``.
    annotated
        Of each video, in their order, if they are to be annotated; empty of one of which no frame
        can be decoded.
    """

    predictions: Path
    faces: Path
    images: Path
    annotated: Sequence[Path] = ()


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
    recording: Path | None = None,
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
    stop, minutes, segment
        When that is written, and the job ends: see `utils.video.segments.Saving`.
    recording
        A file for what is encoded of annotated videos, which belongs to the checkpoint.

    Raises
    ------
    Checkpointed
        After `stop` asked for it, or so many minutes.
    """
    names = {one["file"]: one["name"] for one in read_record(listed)["videos"]}
    told = {"names": [names[path.name] for path in videos], "model": model.digest}
    file = Checkpoint(checkpoint, {**told, "videos": digest_files(videos), **asdict(looking)})
    file.start()
    recorder, state = None, file.state or {}
    if outputs.annotated:
        recorder = Recording(recording or checkpoint.with_suffix(".packets"))
        if not recorder.go_on(state.get("recording")):
            log.warning("what was encoded of annotated videos is not there; starting afresh")
            recorder.go_on(None)
            state = {}
    done = [Watched.of_state(one) for one in state.get("done", [])]
    shard = _Shard(model, looking, done, Saving(file, stop, minutes, segment), recorder)
    started = state.get("now")
    for path in videos[len(done) :]:
        shard.watch(path, names[path.name], started)
        started = None
    annotated: dict[str, str] = {}
    if recorder:
        for one, target in zip(done, outputs.annotated, strict=True):
            recorder.write(one.packets, target)
            annotated[one.file] = target.name
        recorder.close()
    with atomic_file(outputs.faces) as table:
        table.write(csv_of([COLUMNS]))
        for one in done:
            for rows in one.rows:
                table.write(zlib.decompress(rows))
    write_shard(outputs.images, (photo for one in done for photo in one.photos()))
    record = {
        "threshold": float(model.threshold),
        "model": {"arch": model.arch, "digest": model.digest},
        "looking": asdict(looking),
        "videos": [
            {**one.as_record(), "annotated": annotated.get(one.file)}
            for one in done
            if one.failed is None
        ],
        "failed": [{"file": one.name, "reason": one.failed} for one in done if one.failed],
    }
    write_record(outputs.predictions, record, SCHEMA)
    return record


class _Shard:
    """What watches the videos of a job; `done` are those that it has watched."""

    def __init__(
        self,
        model: Model,
        looking: Looking,
        done: list[Watched],
        saving: Saving,
        recorder: Recording | None,
    ) -> None:
        self._model, self._looking, self._done = model, looking, done
        self._saving, self._recorder = saving, recorder
        self._clock = Clock(time_of(looking.clock))

    def watch(self, path: Path, name: str, started: dict[str, Any] | None) -> None:
        """Watch a video to its end, from its start or from where it was left."""
        if started:
            watched = Watched.of_state(started["watched"])
        else:
            scene = Scene(float(self._model.threshold))
            watched = Watched(path.name, name, Seen(self._looking.least_seconds, scene=scene))
        try:
            self._look(path, watched, started)
        except InputError as error:
            watched.failed = as_called(error, path, name)
            log.warning("%s", watched.failed)
        if self._recorder:
            watched.packets = self._recorder.end()
        self._done.append(watched)
        self._saving.at_frame(lambda: self._state(None), f"the end of {name}")

    def _look(self, path: Path, watched: Watched, started: dict[str, Any] | None) -> None:
        """Look at a video.

        Raises
        ------
        InputError
            If no frame of it can be seen.
        """
        looking, seen = self._looking, watched.seen
        source = VideoFile(path, Part(every=looking.every, rate=looking.rate))
        source.name, seen.gaps = brief(watched.name, 200), source.gaps
        watcher, after = Watcher(self._model, hide=looking.blur), None
        if started:
            after = Place(**started["place"])
            restore(watcher, started["watcher"])
        last = after.time if after else 0.0

        with closing(source):
            try:
                for frame in source.frames(after):
                    moment = watcher.look(frame)
                    last = frame.time
                    self._keep(watched, moment)

                    def now(frame: Frame = frame) -> dict[str, Any]:
                        watched.end_segment()
                        place, followed = asdict(source.place(frame)), state_of(watcher)
                        return {"watched": watched.as_state(), "place": place, "watcher": followed}

                    people = number_of(len(seen.people), "person", "people")
                    where = f"{watched.name}: {Clock().told(last)}, {people} so far"
                    self._saving.at_frame(lambda now=now: self._state(now()), where)
            except InputError as error:
                if not seen.frames:
                    raise
                reason = as_called(error, path, watched.name)
                log.warning("%s", reason)
                end = max(source.duration or 0.0, last)
                source.gaps.append(Gap(last, end, f"cut off: {reason}"))
            seen.doubts = source.doubts
            watched.keep(seen.leave(watcher.finish()))
            watched.end_segment()
            watched.facts = source.facts()

    def _keep(self, watched: Watched, moment: Moment) -> None:
        """Keep what a moment showed."""
        seen, time = watched.seen, moment.frame.time
        watched.keep(seen.add(moment))
        watched.add_rows(face_rows(moment, self._model.threshold, self._clock))
        if self._recorder:
            found = moment.shown, moment.detections, moment.tracks, moment.here
            told = seen.counts(moment), self._clock.told(time)
            self._recorder.add(drawn(*found, *told), time)

    def _state(self, now: dict[str, Any] | None) -> dict[str, Any]:
        """Return all that is gone on with; `now` is of the video that is being watched."""
        recording = self._recorder and self._recorder.state()
        done = [one.as_state() for one in self._done]
        return {"done": done, "now": now, "recording": recording}
