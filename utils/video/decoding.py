"""A video file decoded: opened, wound, and its frames with their times."""

import contextlib
import logging
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any, BinaryIO

from utils.errors import InputError, brief
from utils.video.ffmpeg import MOST_PIXELS, check_size, pyav, said
from utils.video.times import FASTEST, FrameTimes

log = logging.getLogger(__name__)

MOST_DAMAGED = 500
"""Packets in a row of which no frame can be made, before the rest of a file is given up."""

PATIENCE = (60.0, 30.0)
"""Seconds to wait for a file to open, and for something to come from it."""

_EARLIEST = 1990  # a clock that was never set tells 1904 or 1970
_REFERRING = {"concat", "concatf", "dash", "hls", "imf", "sdp", "webm_dash_manifest"}


class Decoder:
    """A file whose frames are decoded one after the other.

    Parameters
    ----------
    name
        What to call it.
    path, content
        As `utils.video.files.VideoFile` has them.

    Attributes
    ----------
    stream
        The video stream that is decoded.
    times
        Of its frames.
    damaged, untimed
        How many packets could not be decoded, and how many frames say no time.
    cut_off
        Why no more came, where that was before the end.

    Raises
    ------
    InputError
        If it holds no video, or none that can be decoded here.
    """

    def __init__(self, name: str, path: Path, content: BinaryIO | None) -> None:
        self.name, self._path, self._content = name, path, content
        self._container = None
        self.open()

    def open(self) -> None:
        """Open the file at its start."""
        av = pyav()
        self._errors = (av.error.FFmpegError, OSError, ValueError)
        self.close()
        if self._content:
            self._content.seek(0)
        self.damaged = self.untimed = 0
        self.cut_off: str | None = None
        self._started = False
        try:
            # a file must not make us fetch another, or an address
            self._container = av.open(
                self._content or f"file:{self._path.absolute()}",
                options={
                    "protocol_whitelist": "none" if self._content else "file",
                    "format_whitelist": ",".join(av.formats_available - _REFERRING),
                },
                timeout=PATIENCE,
                metadata_errors="replace",
            )
        except self._errors as error:
            raise InputError(
                f"{self.name}: cannot be read as a video ({_words(error)}); a recording that was "
                "not finished may lack its index: repair or convert it with ffmpeg"
            ) from error
        try:
            self.stream = self._video_stream()
        except InputError:
            self.close()
            raise
        self.times = self._new_times()

    def close(self) -> None:
        """Close the file."""
        if self._container is not None:
            self._container.close()

    @property
    def duration(self) -> float | None:
        """Seconds that the file says it lasts, None if it does not."""
        stream, container = self.stream, self._container
        if stream.duration and stream.time_base:
            return float(stream.duration * stream.time_base)
        return container.duration / 1e6 if container.duration and container.duration > 0 else None

    @property
    def recorded(self) -> datetime | None:
        """When the file says that it was recorded: UTC; None where it does not."""
        try:
            time = datetime.fromisoformat(self._container.metadata.get("creation_time", ""))
        except ValueError:
            return None
        return time.replace(tzinfo=None) if time.year >= _EARLIEST else None

    def wind(self, seconds: float) -> bool:
        """Go to the last place before a time from which can be decoded.

        Returns whether it is known where that is; if not, it goes on from where it was.
        """
        began = self.stream.start_time
        if began is None:
            return False
        place = seconds + float(began * self.stream.time_base)
        try:
            self._container.seek(int(place * 1e6), backward=True, any_frame=False)
        except self._errors:
            log.info("%s: cannot be wound; it is read from its start", self.name)
        return True

    def frames(self) -> Iterator[tuple[float | None, Any]]:
        """Yield frames with their seconds since the start; None for those to be left out.

        Raises
        ------
        InputError
            If the file is encrypted.
        """
        self.times = self._new_times()
        for frame in self._decoded():
            self.untimed += frame.time is None
            yield self.times.of(frame.time), frame

    def _decoded(self) -> Iterator[Any]:
        packets, in_a_row = self._container.demux(self.stream), 0
        while in_a_row < MOST_DAMAGED:
            try:
                packet = next(packets, None)
            except self._errors as error:
                self.cut_off = self.cut_off or _words(error)
                return
            if packet is None:
                return
            if not self._started:
                self._check_packet(packet)
            try:
                frames = packet.decode()
            except self._errors:
                self.damaged += 1
                in_a_row += 1
                continue
            self._started |= bool(frames)
            in_a_row = 0 if frames else in_a_row + 1
            yield from frames
        self.cut_off = "nothing more can be decoded"

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
        context.options = MOST_PIXELS
        stream.thread_type = "AUTO"
        return stream

    def _new_times(self) -> FrameTimes:
        stream, rate = self.stream, float(self.stream.average_rate or 0)
        start = stream.start_time
        start = None if start is None else float(start * (stream.time_base or 1))
        return FrameTimes(self.name, 1 / (rate if 0 < rate <= FASTEST else 25), start)

    def _check_packet(self, packet: Any) -> None:
        if packet.has_sidedata("encryption_info"):
            raise InputError(
                f"{self.name}: is encrypted; take a copy without protection, as its owner has it"
            )


def _is_cover(stream: Any) -> bool:
    """Return whether a stream is the still picture of a piece of music."""
    return "attached_pic" in str(stream.disposition).lower()


def _words(error: BaseException) -> str:
    return brief(said(error, f"no picture came for {PATIENCE[1]:g} s"), 100)
