"""Cameras and streams: the newest frame only, read by a thread; what is lost is known as a gap.

Times are those of arrival, in seconds since the source was opened: streams start theirs anew when
they are opened again.
"""

import logging
import sys
import threading
import time as clock
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from utils.errors import InputError
from utils.video.address import check_address, is_camera, shown, without_secrets
from utils.video.ffmpeg import MOST_PIXELS, check_size, pyav, said
from utils.video.frames import GAP, Frame, Gap, Part, upright

log = logging.getLogger(__name__)

TIMEOUTS = (8.0, 5.0)
"""Seconds to wait for a source to open, and for something to come from it."""

PAUSES = (1.0, 2.0, 4.0, 8.0, 15.0, 30.0)
"""Seconds between one try to open a source that was lost and the next; the last one stays."""

_PROTOCOLS = {
    "rtsp": "rtsp,rtsps,rtp,srtp,udp,tcp,tls,crypto",
    "http": "http,https,tcp,tls,crypto,httpproxy",
}
"""What FFmpeg may open: an answer must not lead it to files of this machine."""

_WAIT = 0.2  # seconds between looks whether it is interrupted
_DAMAGED = 2000  # packets in a row without a picture
_SHORT = 1.0  # seconds that may be missing at the end of what is finite
_ENDED = "the stream ended"


class LiveSource:
    """A camera or a stream.

    Parameters
    ----------
    word
        ``0``, ``/dev/video0``, or an address.
    part
        Which of its frames are looked at.
    timeouts, pauses
        As `TIMEOUTS` and `PAUSES`.
    tries
        How often it is opened before it is given up, where it never was.
    lost_after
        Seconds without a frame after which a source that was there is given up; None for never.

    Raises
    ------
    InputError
        If there is no such camera, or the address is of no kind that is opened.
    """

    live = True

    def __init__(
        self,
        word: str,
        part: Part,
        *,
        timeouts: tuple[float, float] = TIMEOUTS,
        pauses: tuple[float, ...] = PAUSES,
        tries: int = 3,
        lost_after: float | None = 600.0,
    ) -> None:
        self.name, self._word, self._part = shown(word), word, part
        self.gaps: list[Gap] = []
        self.doubts: list[str] = []
        self._timeouts, self._pauses, self._tries = timeouts, pauses, tries
        self._lost_after = lost_after
        self._opener = _opener(word, timeouts)
        self._av = pyav()
        self._news = threading.Condition()
        self._newest: tuple[float, Any] | None = None
        self._stop = threading.Event()
        self._over: str | None = None  # why no more will come
        self._began, self._last = clock.monotonic(), None
        self._arrived = self._dropped = self._damaged = self._opened = 0
        self._finite, self._duration = False, 0.0
        self._cut_off = ""  # why what is finite ended before its end
        self._trouble, self._shown, self._reached = "", 0.0, 0.0
        self._size: tuple[int, int] | None = None
        self._thread = threading.Thread(target=self._read, name="video source", daemon=True)

    def frames(self) -> Iterator[Frame]:
        """Yield the newest frame each time one is asked for.

        Raises
        ------
        InputError
            If it cannot be opened, or was lost for long.
        """
        self._began = clock.monotonic()
        self._thread.start()
        try:
            yield from self._newest_frames()
        finally:  # also where it is interrupted while nothing comes
            if self._finite and self._cut_off:
                end = max(self._shown, self._duration)
                self.gaps.append(Gap(self._shown, end, f"cut off: {self._cut_off}"))
                log.warning("%s: is cut off (%s)", self.name, self._cut_off)
            elif not self._finite:
                end = self._now() if self._part.end is None else min(self._now(), self._part.end)
                self._gap_until(end, self._trouble)
        if self._over and not self._finite:
            if not self._arrived:
                raise InputError(f"{self.name}: {self._over}")
            log.warning("%s: %s", self.name, self._over)

    def _newest_frames(self) -> Iterator[Frame]:
        last = -1.0
        while True:
            with self._news:
                while self._newest is None and self._over is None:
                    self._news.wait(_WAIT)
                    if self._part.over(self._now()):
                        break
                taken, self._newest = self._newest, None
                self._news.notify_all()
            if taken is None:
                break
            time, frame = taken
            if time <= last:
                continue
            last = self._shown = time
            if self._part.over(time):
                self._cut_off = ""  # nothing more was wanted
                break
            if not self._part.wants(time):
                continue
            image = upright(frame.to_ndarray(format="rgb24"), frame.rotation or 0)
            self._size = image.shape[1], image.shape[0]
            yield Frame(time, image)

    def facts(self) -> dict[str, Any]:
        """Return what is known of the source by now, as plain values for a record."""
        width, height = self._size or (None, None)
        return {
            "kind": "camera" if is_camera(self._word) else "stream",
            "name": self.name,
            "width": width,
            "height": height,
            "arrived": self._arrived,
            "dropped": self._dropped,
            "damaged": self._damaged,
            "opened": self._opened,
            "ended": self._over,
        }

    def close(self) -> None:
        """Stop reading."""
        self._stop.set()
        with self._news:
            self._news.notify_all()
        if self._thread.is_alive():
            self._thread.join(timeout=max(self._timeouts) + 1)

    def _now(self) -> float:
        return clock.monotonic() - self._began

    def _read(self) -> None:
        """Open the source, and again whenever it is lost, until nobody asks any more."""
        failed = 0
        while not self._stop.is_set():
            before = self._arrived
            try:
                self._read_once()
                self._trouble = _ENDED
            except Exception as error:  # noqa: BLE001 (of a library's reader; told, and tried again)
                self._trouble = without_secrets(said(error, "no answer in time"), self._word)
            if self._stop.is_set():
                break
            if self._finite and self._arrived:
                short = self._duration - (self._reached + _SHORT)
                if self._trouble != _ENDED or short > 0:
                    self._cut_off = self._trouble
                break
            failed = 0 if self._arrived > before else failed + 1
            if not self._arrived and failed >= self._tries:
                return self._end(f"cannot be opened ({self._trouble}; tried {failed} times)")
            silent = self._now() - (self._last or 0.0)
            if self._arrived and self._lost_after is not None and silent > self._lost_after:
                return self._end(f"given up after {silent:.0f} s without a picture")
            pause = self._pauses[min(failed, len(self._pauses) - 1)]
            log.warning("%s: %s; tried again in %g s", self.name, self._trouble, pause)
            self._stop.wait(pause)
        return self._end(_ENDED)

    def _end(self, why: str) -> None:
        with self._news:
            self._over = why
            self._news.notify_all()

    def _read_once(self) -> None:
        with self._opener(self._av) as container:
            if not container.streams.video:
                raise InputError("it holds no video")
            stream = container.streams.video[0]
            stream.thread_type = "SLICE"  # others hold frames back
            stream.codec_context.options = MOST_PIXELS
            self._opened += 1
            self._finite = bool(container.duration and container.duration > 0)
            self._duration = (container.duration or 0) / 1e6
            for frame in self._decoded(container, stream):
                self._arrive(frame)
                if self._stop.is_set():
                    return

    def _decoded(self, container: Any, stream: Any) -> Iterator[Any]:
        in_a_row = 0
        for packet in container.demux(stream):
            if self._stop.is_set():
                return
            try:
                frames = packet.decode()
            except (self._av.error.FFmpegError, ValueError):
                self._damaged += 1
                frames = []
            in_a_row = 0 if frames else in_a_row + 1
            if in_a_row > _DAMAGED:
                raise InputError("nothing that comes can be decoded")
            for frame in frames:
                check_size(self.name, frame.width, frame.height)
                yield frame

    def _arrive(self, frame: Any) -> None:
        now = self._now()
        self._gap_until(now, self._trouble)
        self._trouble = ""
        time = frame.time if self._finite and frame.time is not None else now
        self._reached = time
        with self._news:
            # a file that is fetched waits for us; a camera does not
            while self._finite and self._newest is not None and not self._stop.is_set():
                self._news.wait(_WAIT)
            self._dropped += self._newest is not None
            self._newest = (time, frame)
            self._arrived += 1
            self._news.notify_all()

    def _gap_until(self, now: float, reason: str) -> None:
        """Record that nothing came until now, if it was for long."""
        with self._news:
            last, self._last = self._last, max(now, self._last or now)
            if last is not None and now - last > GAP and not self._finite:
                self.gaps.append(Gap(last, now, reason or "no picture came"))


def _opener(word: str, timeouts: tuple[float, float]) -> Callable[[Any], Any]:
    """Return what opens a source when it is given PyAV."""
    if not is_camera(word):
        check_address(word)
        scheme = word.partition("://")[0].lower()
        options = {"protocol_whitelist": _PROTOCOLS[scheme[:4]]}
        if scheme.startswith("rtsp"):
            options["rtsp_transport"] = "tcp"
        return lambda av: av.open(
            word, options=options, timeout=timeouts, metadata_errors="replace"
        )
    if sys.platform == "darwin":
        return lambda av: av.open(
            word, format="avfoundation", options={"framerate": "30"}, timeout=timeouts
        )
    device = f"/dev/video{word}" if word.isdecimal() else word
    if not Path(device).exists():
        there = ", ".join(sorted(str(path) for path in Path("/dev").glob("video*")))
        raise InputError(f"{device}: there is no such camera; there is {there or 'none'}")
    return lambda av: av.open(device, format="v4l2", timeout=timeouts)
