"""Video files: frames at their true times, upright; a cut-off file is used up to there."""

import contextlib
import hashlib
import logging
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any, BinaryIO

import numpy as np

from utils.errors import InputError, brief, number_of
from utils.video.frames import GAP, LARGEST, Frame, Gap, Part, Place, upright
from utils.video.times import FASTEST, FrameTimes

log = logging.getLogger(__name__)

MOST_DAMAGED = 500
"""Packets in a row of which no frame can be made, before the rest of a file is given up."""

PATIENCE = (60.0, 30.0)
"""Seconds to wait for a file to open, and for something to come from it."""

_SHORT = 1.0  # seconds that may be missing at the end of a whole file
_REFERRING = {"concat", "concatf", "dash", "hls", "imf", "sdp", "webm_dash_manifest"}


def pyav() -> ModuleType:
    """Return PyAV.

    Raises
    ------
    InputError
        If it is not installed.
    """
    try:
        import av
    except ImportError as error:
        raise InputError(
            "videos and cameras need PyAV, which is not installed: make video"
        ) from error
    av.logging.set_level(av.logging.PANIC)  # errors come as exceptions, without addresses
    return av


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
        self._content, self._container = content, None
        self._size: tuple[int, int] | None = None
        if content is None and not self.path.exists():
            raise InputError(f"{self.name}: no such file or folder")
        if content is None and not self.path.is_file():
            raise InputError(f"{self.name}: is no regular file; name a video, camera or address")
        self._open()

    def _open(self) -> None:
        """Open the file at its start."""
        av = pyav()
        self._errors = (av.error.FFmpegError, OSError, ValueError)
        self.close()
        if self._content:
            self._content.seek(0)
        self._decoded = self._damaged = self._untimed = 0
        self._at, self._ended_early = 0.0, False
        self._cut_off: str | None = None
        try:
            # a file must not make us fetch another, or an address
            self._container = av.open(
                self._content or f"file:{self.path.absolute()}",
                options={
                    "protocol_whitelist": "none" if self._content else "file",
                    "format_whitelist": ",".join(av.formats_available - _REFERRING),
                },
                timeout=PATIENCE,
                metadata_errors="replace",
            )
        except self._errors as error:
            raise InputError(
                f"{self.name}: cannot be read as a video ({brief(_said(error), 100)}); a recording "
                "that was not finished may lack its index: repair or convert it with ffmpeg"
            ) from error
        try:
            self._stream = self._video_stream()
        except InputError:
            self.close()
            raise
        self._times = self._new_times()

    def _video_stream(self) -> Any:
        streams = [one for one in self._container.streams.video if not _is_cover(one)]
        if not streams:
            held = ", ".join(sorted({one.type for one in self._container.streams})) or "nothing"
            raise InputError(f"{self.name}: holds no video, only {held}")
        stream = streams[0]
        context = stream.codec_context
        if context is None:
            raise InputError(f"{self.name}: its video is of a kind that cannot be decoded here")
        if context.width < 1 or context.height < 1:  # as where all that would tell is encrypted
            with contextlib.suppress(*self._errors, StopIteration):
                self._check_packet(next(self._container.demux(stream)))
        check_size(self.name, context.width, context.height)
        context.options = {"max_pixels": str(LARGEST)}  # also of what it grows to later
        stream.thread_type = "AUTO"
        return stream

    def _new_times(self) -> FrameTimes:
        stream, rate = self._stream, float(self._stream.average_rate or 0)
        start = stream.start_time
        start = None if start is None else float(start * (stream.time_base or 1))
        return FrameTimes(self.name, 1 / (rate if 0 < rate <= FASTEST else 25), start)

    def _check_packet(self, packet: Any) -> None:
        if packet.has_sidedata("encryption_info"):
            raise InputError(
                f"{self.name}: is encrypted; take a copy without protection, as its owner has it"
            )

    @property
    def duration(self) -> float | None:
        """Seconds that the file says it lasts, None if it does not."""
        stream, container = self._stream, self._container
        if stream.duration and stream.time_base:
            return float(stream.duration * stream.time_base)
        return container.duration / 1e6 if container.duration and container.duration > 0 else None

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
        for time, frame in self._after(after) if after else self._wanted(self._timed()):
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
        plain = not (self._damaged or self._untimed or self._times.told())
        gaps = tuple((gap.start, gap.end, gap.reason) for gap in self.gaps)
        seen = self._decoded, self._part.counted
        return Place(frame.time, _digest(frame.image), *seen, plain, gaps)

    @property
    def doubts(self) -> list[str]:
        """What is to be known of its times and damages, in whole sentences."""
        damaged = number_of(self._damaged, "packet")
        told = [f"{damaged} of the video cannot be decoded."] if self._damaged else []
        return [*self._times.told(), *told]

    def facts(self) -> dict[str, Any]:
        """Return what is known of the file, as plain values for a record."""
        context = self._stream.codec_context
        width, height = self._size or (context.width, context.height)
        return {
            "kind": "file",
            "name": self.name,
            "width": width,
            "height": height,
            "codec": context.name,
            "duration": self.duration,
            "decoded": self._decoded,
            "damaged": self._damaged,
            "out_of_order": self._times.backwards,
            "clock_restarts": self._times.restarts,
            "cut_off": self._cut_off,
        }

    def close(self) -> None:
        """Close the file."""
        if self._container is not None:
            self._container.close()

    def _image(self, frame: Any) -> np.ndarray:
        check_size(self.name, frame.width, frame.height)
        image = upright(frame.to_ndarray(format="rgb24"), frame.rotation or 0)
        self._size = image.shape[1], image.shape[0]
        return image

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
        self._open()
        again = self._wanted(self._timed(), place.time)
        return ((time, frame) for time, frame in again if time > place.time)

    def _wound(self, place: Place) -> Iterator[tuple[float, Any]] | None:
        """Return what comes after a place; None where its frame is not found by winding."""
        if (began := self._stream.start_time) is None:
            return None
        self._seek(place.time + float(began * self._stream.time_base))
        for time, frame in (timed := self._timed_from_here()):
            if time is None or time > place.time or self._damaged or self._untimed:
                return None
            if time == place.time:
                return timed if _digest(self._image(frame)) == place.pixels else None
        return None

    def _timed(self) -> Iterator[tuple[float | None, Any]]:
        """Yield decoded frames with their seconds since the start; None for those left out."""
        if self._part.start > 0 and self._times.start is not None:
            self._seek(self._part.start + self._times.start)
        return self._timed_from_here()

    def _seek(self, seconds: float) -> None:
        try:
            self._container.seek(int(seconds * 1e6), backward=True, any_frame=False)
        except self._errors:
            log.info("%s: cannot be wound; it is read from its start", self.name)

    def _timed_from_here(self) -> Iterator[tuple[float | None, Any]]:
        self._times = self._new_times()
        for frame in self._frames_of_packets():
            self._untimed += frame.time is None
            yield self._times.of(frame.time), frame

    def _frames_of_packets(self) -> Iterator[Any]:
        packets, in_a_row = self._container.demux(self._stream), 0
        while in_a_row < MOST_DAMAGED:
            try:
                packet = next(packets, None)
            except self._errors as error:
                self._cut_off = self._cut_off or brief(_said(error), 100)
                return
            if packet is None:
                return
            if not self._decoded:
                self._check_packet(packet)
            try:
                frames = packet.decode()
            except self._errors:
                self._damaged += 1
                in_a_row += 1
                continue
            in_a_row = 0 if frames else in_a_row + 1
            yield from frames
        self._cut_off = f"nothing can be decoded after {self._at:.1f} s"

    def _tell_cut_off(self) -> None:
        """Record what of a file is missing, so far as it says how long it is."""
        wanted = self.duration or 0.0
        if self._part.end is not None:
            wanted = min(wanted, self._part.end)
        known = not self._times.restarts  # else the file cannot say how long it is
        if self._cut_off is None and known and wanted - self._at > _SHORT:
            self._cut_off = f"it ends after {self._at:.1f} of {wanted:.1f} s"
        if self._cut_off:
            self.gaps.append(Gap(self._at, max(wanted, self._at), f"cut off: {self._cut_off}"))
            log.warning("%s: is cut off (%s); it is used up to there", self.name, self._cut_off)


def check_size(name: str, width: int, height: int) -> None:
    """Raise an `InputError` unless a picture of this size is to be decoded."""
    if width < 1 or height < 1:
        raise InputError(
            f"{name}: says that its pictures are {width} x {height} pixels; it is damaged, or of a "
            "kind that cannot be decoded here"
        )
    if width * height > LARGEST:
        raise InputError(
            f"{name}: pictures of {width:,} x {height:,} pixels are more than is looked at "
            f"({LARGEST / 1e6:.0f} million); make it smaller: ffmpeg -i VIDEO -vf scale=1920:-2 NEW"
        )


def as_called(error: InputError, path: Path, name: str) -> str:
    """Return an error with a video as it is called in place of the file where it lies."""
    text, shown = str(error), brief(path, 200)
    return f"{name}{text.removeprefix(shown)}" if text.startswith(shown) else text


def _is_cover(stream: Any) -> bool:
    """Return whether a stream is the still picture of a piece of music."""
    return "attached_pic" in str(stream.disposition).lower()


def _digest(image: np.ndarray) -> str:
    return hashlib.sha256(image).hexdigest()


def _said(error: BaseException) -> str:
    text = getattr(error, "strerror", None) or type(error).__name__
    return f"no picture came for {PATIENCE[1]:g} s" if "Immediate exit" in text else text
