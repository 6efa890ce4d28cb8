"""Which videos can be watched, and for how long: asked before they are given to jobs."""

from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from utils.dataset.intake.videos import FoundVideo
from utils.errors import InputError, number_of
from utils.video.files import VideoFile, as_called
from utils.video.frames import Part

_LEAST_RATE = 50_000  # bytes a second of a video that does not say how long it is


@dataclass(frozen=True)
class Probed:
    """A video of which a frame was decoded.

    Attributes
    ----------
    name
        What it is called.
    path
        The file.
    seconds
        How long it lasts; by its size, where it does not say.
    size
        In bytes.
    facts
        As `VideoFile.facts` tells them.
    """

    name: str
    path: Path
    seconds: float
    size: int
    facts: dict[str, Any]

    def as_record(self) -> dict[str, Any]:
        """Return what a run remembers of it."""
        kept = ("width", "height", "codec", "duration")
        return {"name": self.name, "size": self.size, **{key: self.facts[key] for key in kept}}


def probe(path: Path, name: str) -> Probed:
    """Decode the first frame of a video.

    Raises
    ------
    InputError
        If it cannot be decoded, or PyAV is not installed.
    """
    try:
        with closing(VideoFile(path, Part(limit=1))) as video:
            if next(video.frames(), None) is None:
                raise InputError(f"{path}: shows no picture")
            size = path.stat().st_size
            seconds = video.duration or size / _LEAST_RATE
            return Probed(name, path, seconds, size, video.facts())
    except InputError as error:
        raise InputError(as_called(error, path, name)) from error


def watchable(
    found: Sequence[FoundVideo], scratch: Path
) -> tuple[list[Probed], list[dict[str, str]]]:
    """Return the videos that can be watched, and ``{file, reason}`` of the others.

    Parameters
    ----------
    scratch
        An empty folder for those that lie in archives.

    Raises
    ------
    InputError
        If one that was named itself cannot.
    """
    good, bad = [], []
    for one in found:
        try:
            good.append(probe(one.file(scratch), one.name))
        except InputError as error:
            if one.alone:
                raise
            bad.append({"file": one.name, "reason": str(error)})
    return good, bad


def told_of_videos(videos: Sequence[Probed], bad: Sequence[dict[str, str]]) -> Iterator[str]:
    """Yield lines for the console: how many videos there are, and which cannot be watched."""
    if videos:
        minutes, seconds = divmod(round(sum(one.seconds for one in videos)), 60)
        hours, minutes = divmod(minutes, 60)
        yield f"Videos: {len(videos):,} new, {hours}:{minutes:02d}:{seconds:02d} in all"
    if bad:
        yield f"New videos not read: {number_of(len(bad), 'video')}"
        yield from (f"  {one['reason']}" for one in bad)
