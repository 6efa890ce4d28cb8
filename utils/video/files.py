"""Video files: frames at their true times, upright; a cut-off file is used up to there."""

import logging
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any, BinaryIO

from utils.errors import InputError, brief
from utils.video.frames import LARGEST, Frame, Gap, Part, upright

log = logging.getLogger(__name__)

MOST_DAMAGED = 500
"""Packets in a row of which no frame can be made, before the rest of a file is given up."""

_SHORT = 1.0  # seconds that may be missing at the end of a whole file


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
    name, live, gaps
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
        self._decoded = self._damaged = self._backwards = 0
        self._at = 0.0
        self._cut_off: str | None = None
        self._size: tuple[int, int] | None = None
        if content is None and not self.path.exists():
            raise InputError(f"{self.name}: no such file or folder")
        if content is None and not self.path.is_file():
            raise InputError(f"{self.name}: is no regular file; name a video, camera or address")
        av = pyav()
        self._errors = (av.error.FFmpegError, OSError, ValueError)
        try:
            # no other protocol: a file must not make us fetch another, or an address
            self._container = av.open(
                content or f"file:{self.path.absolute()}",
                options={"protocol_whitelist": "none" if content else "file"},
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

    def _video_stream(self) -> Any:
        streams = [one for one in self._container.streams.video if not _is_cover(one)]
        if not streams:
            held = ", ".join(sorted({one.type for one in self._container.streams})) or "nothing"
            raise InputError(f"{self.name}: holds no video, only {held}")
        stream = streams[0]
        context = stream.codec_context
        if context is None:
            raise InputError(f"{self.name}: its video is of a kind that cannot be decoded here")
        check_size(self.name, context.width, context.height)
        stream.thread_type = "AUTO"
        return stream

    @property
    def duration(self) -> float | None:
        """Seconds that the file says it lasts, None if it does not."""
        stream, container = self._stream, self._container
        if stream.duration and stream.time_base:
            return float(stream.duration * stream.time_base)
        return container.duration / 1e6 if container.duration and container.duration > 0 else None

    def frames(self) -> Iterator[Frame]:
        """Yield the frames to be looked at, once.

        Raises
        ------
        InputError
            If no frame can be decoded at all, or one is too large.
        """
        last = -1.0
        for time, frame in self._timed():
            self._decoded += 1
            if time <= last:
                self._backwards += 1
                continue
            last = self._at = time
            if self._part.over(time):
                return
            if not self._part.wants(time):
                continue
            check_size(self.name, frame.width, frame.height)
            image = upright(frame.to_ndarray(format="rgb24"), frame.rotation or 0)
            self._size = image.shape[1], image.shape[0]
            yield Frame(time, image)
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
            "out_of_order": self._backwards,
            "cut_off": self._cut_off,
        }

    def close(self) -> None:
        """Close the file."""
        self._container.close()

    def _timed(self) -> Iterator[tuple[float, Any]]:
        """Yield decoded frames with their seconds since the start of the video."""
        stream = self._stream
        base = stream.time_base or 1
        began = float(stream.start_time * base) if stream.start_time is not None else None
        if self._part.start > 0:
            self._seek(self._part.start + (began or 0.0))
        step = 1 / float(stream.average_rate) if stream.average_rate else 1 / 25
        last = -step
        for frame in self._frames_of_packets():
            own = frame.time
            if own is not None and began is None:
                began = own
            time = last + step if own is None else own - began
            last = time
            yield time, frame

    def _seek(self, seconds: float) -> None:
        try:
            self._container.seek(int(seconds * 1e6), backward=True, any_frame=False)
        except self._errors:
            log.info("%s: cannot be wound; it is read from its start", self.name)

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
        if self._cut_off is None and wanted - self._at > _SHORT:
            self._cut_off = f"it ends after {self._at:.1f} of {wanted:.1f} s"
        if self._cut_off:
            self.gaps.append(Gap(self._at, max(wanted, self._at), f"cut off: {self._cut_off}"))
            log.warning("%s: is cut off (%s); it is used up to there", self.name, self._cut_off)


def check_size(name: str, width: int, height: int) -> None:
    """Raise an `InputError` unless a picture of this size is to be decoded."""
    if width < 1 or height < 1:
        raise InputError(f"{name}: says that its pictures are {width} x {height} pixels")
    if width * height > LARGEST:
        raise InputError(
            f"{name}: pictures of {width:,} x {height:,} pixels are more than is looked at "
            f"({LARGEST / 1e6:.0f} million); make it smaller: ffmpeg -i VIDEO -vf scale=1920:-2 NEW"
        )


def _is_cover(stream: Any) -> bool:
    """Return whether a stream is the still picture of a piece of music."""
    return "attached_pic" in str(stream.disposition).lower()


def _said(error: BaseException) -> str:
    return getattr(error, "strerror", None) or type(error).__name__
