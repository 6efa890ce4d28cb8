"""Single frames of videos, as photographs: some, evenly over the whole, whatever it lasts."""

from collections.abc import Iterator
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np

from utils.analysis.prediction.looking import Looked, Unread
from utils.apply.looking import Found, closely
from utils.dataset.intake.videos import FoundVideo
from utils.dataset.shards import Photo
from utils.dataset.splitting.learnt import LearntPhotographs
from utils.errors import InputError
from utils.video.clock import Clock
from utils.video.files import VideoFile, as_called
from utils.video.frames import Frame, Part
from utils.video.watch import Model

FRAMES = 30
"""How many frames are taken of a video, at most."""

EVERY = 1.0
"""Seconds between two of them, at least."""


def sampled(
    video: FoundVideo, model: Model, learnt: LearntPhotographs | None, scratch: Path
) -> Iterator[Found | Unread]:
    """Yield what a model finds on some frames of a video, or why it cannot be watched.

    A frame is called as the video, and when in it; it was taken when the file says.

    Parameters
    ----------
    learnt
        As `utils.apply.looking.closely` takes it.
    scratch
        A folder for a video that lies in an archive.
    """
    seen, path = 0, Path(video.name)
    try:
        path = video.file(scratch)
        with closing(VideoFile(path, Part())) as file:
            began, lasts = file.recorded, file.duration
        for frame in _frames(path, lasts):
            seen += 1
            (found,) = model.predict([frame.image])
            name = f"{video.name} at {Clock().told(frame.time)}"
            photo = Photo(f"{name} ({seen})", name, b"")
            looked = Looked(photo, frame.image, found, model.threshold)
            record, fingerprint = closely(looked, learnt)
            record["taken"] = began and _iso(began, frame.time)
            yield Found(record, fingerprint, None)
    except InputError as error:
        if not seen:  # else it is used as far as it can be
            yield Unread(video.name, as_called(error, path, video.name))


def _frames(path: Path, lasts: float | None) -> Iterator[Frame]:
    """Yield some frames, in the order of time."""
    if lasts is None or lasts < 4 * FRAMES * EVERY:  # to wind would take as long
        apart = max(EVERY, (lasts or 0.0) / FRAMES)
        with closing(VideoFile(path, Part(rate=1 / apart, limit=FRAMES))) as file:
            yield from file.frames()
        return
    last = -1.0
    for start in np.arange(FRAMES) * lasts / FRAMES:
        with closing(VideoFile(path, Part(start=float(start), limit=1))) as file:
            for frame in file.frames():
                if frame.time > last:
                    yield frame
                    last = frame.time


def _iso(began: datetime, seconds: float) -> str:
    return (began + timedelta(seconds=seconds)).isoformat(timespec="seconds")
