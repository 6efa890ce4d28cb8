"""Video files: what is looked at of them, and how far; a cut-off file is used up to there."""

import hashlib
import logging
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from utils.errors import InputError, brief, number_of
from utils.video.decoding import Decoder
from utils.video.ffmpeg import check_size
from utils.video.frames import GAP, Frame, Gap, Part, Place, upright

log = logging.getLogger(__name__)

_SHORT = 1.0  # seconds that may be missing at the end of a whole file


class VideoFile:
    """A video file.

    Parameters
    ----------
    path
        A file of any kind that FFmpeg reads.
    part
        Which of its frames are looked at.
    content
        What is read instead of the disk; `path` is then only what to call it.

    Attributes
    ----------
    name, live, gaps, doubts
        As `utils.video.frames.Source` has them.

    Raises
    ------
    InputError
        If it is no file, holds no video, or none that can be decoded here.
    """

    live = False

    def __init__(self, path: Path, part: Part, content: BinaryIO | None = None) -> None:
        self.path, self.name, self._part = Path(path), brief(path, 200), part
        self.gaps: list[Gap] = []
        if content is None and not self.path.exists():
            raise InputError(f"{self.name}: no such file or folder")
        if content is None and not self.path.is_file():
            raise InputError(f"{self.name}: is no regular file; name a video, camera or address")
        self._decoder = Decoder(self.name, self.path, content)
        self._size: tuple[int, int] | None = None
        self._begin()

    def _begin(self) -> None:
        """Know of no frame yet."""
        self._decoded, self._at, self._ended_early = 0, 0.0, False

    @property
    def duration(self) -> float | None:
        """Seconds that the file says it lasts, None if it does not."""
        return self._decoder.duration

    @property
    def recorded(self) -> datetime | None:
        """When the file says that it was recorded, None if it does not."""
        return self._decoder.recorded

    def frames(self, after: Place | None = None) -> Iterator[Frame]:
        """Yield the frames to be looked at, once.

        Parameters
        ----------
        after
            Where an earlier look at the same part of the same file stood: what comes then, as if
            it had gone on.

        Raises
        ------
        InputError
            If no frame can be decoded at all, or one is too large.
        """
        if after:
            self.gaps[:] = [Gap(*gap) for gap in after.gaps]
        for time, frame in self._after(after) if after else self._wanted(self._from_start()):
            yield Frame(time, self._image(frame))
        if self._ended_early:
            return
        if self._decoded and self._at < self._part.start:
            raise InputError(
                f"{self.name}: --start {self._part.start:g} s is after its last picture, at "
                f"{self._at:.1f} s"
            )
        if not self._decoded:
            raise InputError(
                f"{self.name}: no frame can be decoded; it is empty, damaged or encrypted"
            )
        self._tell_cut_off()

    def place(self, frame: Frame) -> Place:
        """Return where the file stands after `frame`, which was the last that it gave."""
        decoder = self._decoder
        plain = not (decoder.damaged or decoder.untimed or decoder.times.told())
        gaps = tuple((gap.start, gap.end, gap.reason) for gap in self.gaps)
        seen = self._decoded, self._part.counted
        return Place(frame.time, _digest(frame.image), *seen, plain, gaps)

    @property
    def doubts(self) -> list[str]:
        """What is to be known of its times and damages, in whole sentences."""
        damaged = self._decoder.damaged
        told = [f"{number_of(damaged, 'packet')} of the video cannot be decoded."]
        return [*self._decoder.times.told(), *(told if damaged else [])]

    def facts(self) -> dict[str, Any]:
        """Return what is known of the file, as plain values for a record."""
        decoder = self._decoder
        context = decoder.stream.codec_context
        width, height = self._size or (context.width, context.height)
        return {
            "kind": "file",
            "name": self.name,
            "width": width,
            "height": height,
            "codec": context.name,
            "duration": self.duration,
            "decoded": self._decoded,
            "damaged": decoder.damaged,
            "out_of_order": decoder.times.backwards,
            "clock_restarts": decoder.times.restarts,
            "cut_off": decoder.cut_off,
        }

    def close(self) -> None:
        """Close the file."""
        self._decoder.close()

    def _image(self, frame: Any) -> np.ndarray:
        check_size(self.name, frame.width, frame.height)
        image = upright(frame.to_ndarray(format="rgb24"), frame.rotation or 0)
        self._size = image.shape[1], image.shape[0]
        return image

    def _from_start(self) -> Iterator[tuple[float | None, Any]]:
        if self._part.start > 0:
            self._decoder.wind(self._part.start)
        return self._decoder.frames()

    def _wanted(
        self, timed: Iterator[tuple[float | None, Any]], known: float = -1.0
    ) -> Iterator[tuple[float, Any]]:
        """Yield those of decoded frames that are to be looked at, with their times.

        Parameters
        ----------
        known
            Seconds of which the gaps are known.
        """
        last, known = None if known < 0 else known, max(known, self._part.start)
        for time, frame in timed:
            self._decoded += 1
            if time is None:
                continue
            if last is not None and time > known and time - max(last, known) > GAP:
                self.gaps.append(Gap(max(last, known), time, "the file has no picture"))
            last = self._at = time
            if self._part.over(time):
                self._ended_early = True
                return
            if self._part.wants(time):
                yield time, frame

    def _after(self, place: Place) -> Iterator[tuple[float, Any]]:
        """Yield the frames to be looked at that come after a place.

        The file is wound to there. Where the frame of the place is not found then as it was, all
        is decoded anew, which takes longer and is always right.
        """
        if place.plain and (timed := self._wound(place)):
            self._decoded, self._part.counted, self._at = place.decoded, place.counted, place.time
            return self._wanted(timed, place.time)
        log.info("%s: cannot be wound; it is decoded from its start", self.name)
        self._decoder.open()
        self._begin()
        again = self._wanted(self._from_start(), place.time)
        return ((time, frame) for time, frame in again if time > place.time)

    def _wound(self, place: Place) -> Iterator[tuple[float, Any]] | None:
        """Return what comes after a place; None where its frame is not found by winding."""
        decoder = self._decoder
        if not decoder.wind(place.time):
            return None
        for time, frame in (timed := decoder.frames()):
            if time is None or time > place.time or decoder.damaged or decoder.untimed:
                return None
            if time == place.time:
                return timed if _digest(self._image(frame)) == place.pixels else None
        return None

    def _tell_cut_off(self) -> None:
        """Record what of a file is missing, so far as it says how long it is."""
        decoder, wanted = self._decoder, self.duration or 0.0
        if self._part.end is not None:
            wanted = min(wanted, self._part.end)
        known = not decoder.times.restarts  # else the file cannot say how long it is
        if decoder.cut_off is None and known and wanted - self._at > _SHORT:
            decoder.cut_off = f"it ends after {self._at:.1f} of {wanted:.1f} s"
        if decoder.cut_off:
            reason = f"cut off: {decoder.cut_off}"
            self.gaps.append(Gap(self._at, max(wanted, self._at), reason))
            log.warning("%s: is %s; it is used up to there", self.name, reason)


def as_called(error: InputError, path: Path, name: str) -> str:
    """Return an error with a video as it is called in place of the file where it lies."""
    text, shown = str(error), brief(path, 200)
    return f"{name}{text.removeprefix(shown)}" if text.startswith(shown) else text


def _digest(image: np.ndarray) -> str:
    return hashlib.sha256(image).hexdigest()
