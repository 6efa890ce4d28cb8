"""A camera in a browser, as a source of frames: the newest one alone."""

import threading
import time as clock
from collections.abc import Iterator
from typing import Any

import av

from utils.video.ffmpeg import check_size
from utils.video.frames import Frame, Gap
from utils.video.live import GAP

SILENCE = 15.0
"""Seconds without a frame after which nobody is thought to be there any more."""


class BrowserCamera:
    """Frames as a browser sends them: a `utils.video.frames.Source` of the newest one.

    Attributes
    ----------
    name, live, gaps, doubts
        As every source has them.
    arrived, dropped
        Frames that came, and of these those that a newer one replaced.
    """

    name, live = "the camera of the browser", True

    def __init__(self, silence: float = SILENCE) -> None:
        self.gaps: list[Gap] = []
        self.doubts: list[str] = []
        self.arrived = self.dropped = 0
        self._silence, self._began, self._last = silence, clock.monotonic(), None
        self._news = threading.Condition()
        self._newest: tuple[float, av.VideoFrame] | None = None
        self._closed = False

    def now(self) -> float:
        """Return the seconds since the beginning."""
        return clock.monotonic() - self._began

    def offer(self, frame: av.VideoFrame) -> None:
        """Take a frame that came; the one before is dropped if nobody has looked at it."""
        with self._news:
            now = self.now()
            if self._last is not None and now - self._last > GAP:
                self.gaps = [*self.gaps[-99:], Gap(self._last, now, "no picture came")]
            self._last = now
            self.arrived += 1
            self.dropped += self._newest is not None
            self._newest = (now, frame)
            self._news.notify()

    def frames(self) -> Iterator[Frame]:
        """Yield the newest frame each time one is asked for, until none comes any more."""
        while True:
            with self._news:
                while self._newest is None and not self._closed:
                    if not self._news.wait(self._silence):
                        return
                if self._closed:
                    return
                (time, frame), self._newest = self._newest, None
            check_size(self.name, frame.width, frame.height)
            yield Frame(time, frame.to_ndarray(format="rgb24"))

    def facts(self) -> dict[str, Any]:
        """Return what is known of it by now."""
        return {"kind": "browser", "arrived": self.arrived, "dropped": self.dropped}

    def close(self) -> None:
        """Expect no more."""
        with self._news:
            self._closed, self._newest = True, None
            self._news.notify_all()
