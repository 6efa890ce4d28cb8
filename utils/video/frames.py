"""What every source gives: pictures with their times; and how much of a source is looked at."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np

from utils.errors import InputError

LARGEST = 8192 * 4320
"""Pixels of a frame that are decoded at most: those of a video of 8K, and a bit."""

GAP = 2.0
"""Seconds without a picture that are told as a gap."""


@dataclass(frozen=True)
class Frame:
    """A picture of a video.

    Attributes
    ----------
    time
        Seconds since the source began, rising from one frame to the next.
    image
        uint8, shape (H, W, 3), RGB, upright.
    """

    time: float
    image: np.ndarray


@dataclass(frozen=True)
class Gap:
    """A span that was not seen: ``start`` and ``end`` in seconds, and why, in words."""

    start: float
    end: float
    reason: str


@dataclass(frozen=True)
class Place:
    """Where a video file stands after a frame that was looked at.

    Attributes
    ----------
    time
        Of that frame.
    pixels
        SHA-256 of its image, by which it is known again.
    decoded
        How many frames came by then.
    counted
        Of its `Part`.
    plain
        Whether nothing was damaged, out of order or without a time of its own until then: frames
        that come after the file was wound are then those that come without.
    gaps
        Start, end and reason of each until then.
    """

    time: float
    pixels: str
    decoded: int
    counted: tuple[int, int, float]
    plain: bool
    gaps: Sequence[tuple[float, float, str]] = ()


class Source(Protocol):
    """Where frames come from.

    Attributes
    ----------
    name
        What to call it; it holds no password.
    live
        Whether what is not looked at now is lost.
    gaps
        What was missed so far.
    doubts
        What else is to be known before something is quoted, in whole sentences.
    """

    name: str
    live: bool
    gaps: list[Gap]
    doubts: list[str]

    def frames(self) -> Iterator[Frame]:
        """Yield the frames to be looked at."""
        ...

    def facts(self) -> dict[str, Any]:
        """Return what is known of the source by now, as plain values for a record."""
        ...

    def close(self) -> None:
        """Let go of it."""
        ...


@dataclass
class Part:
    """Which frames of a source are looked at.

    Attributes
    ----------
    every
        Only each so many-th frame.
    start, end
        Seconds since the source began; None for all there is.
    limit
        The most frames to look at.
    rate
        The most frames a second of the source; None for all there are.
    """

    every: int = 1
    start: float = 0.0
    end: float | None = None
    limit: int | None = None
    rate: float | None = None
    _come: int = field(default=0, repr=False)
    _taken: int = field(default=0, repr=False)
    _next: float = field(default=-np.inf, repr=False)

    def __post_init__(self) -> None:
        if self.end is not None and self.end <= self.start:
            raise InputError(f"--end {self.end:g} s: is not after --start {self.start:g} s")

    def wants(self, time: float) -> bool:
        """Return whether the frame of this time, the next of the source, is to be looked at."""
        if time < self.start or self.over(time):
            return False
        self._come += 1
        if (self._come - 1) % self.every:
            return False
        if self.rate:
            if time < self._next - 1e-3:
                return False
            # on a grid of the times, so that 30 frames a second can be thinned to 20, too
            due = self._next if np.isfinite(self._next) else time
            self._next = max(due + 1 / self.rate, time + 0.5 / self.rate)
        self._taken += 1
        return True

    @property
    def counted(self) -> tuple[int, int, float]:
        """What it remembers of the frames before; set it to go on from there."""
        return self._come, self._taken, self._next

    @counted.setter
    def counted(self, before: Sequence[float]) -> None:
        self._come, self._taken, self._next = int(before[0]), int(before[1]), before[2]

    def over(self, time: float) -> bool:
        """Return whether nothing from this time on is wanted."""
        if self.limit is not None and self._taken >= self.limit:
            return True
        return self.end is not None and time >= self.end


def upright(image: np.ndarray, degrees: float) -> np.ndarray:
    """Turn a frame as its file demands: counter-clockwise, by a multiple of 90 degrees."""
    return np.ascontiguousarray(np.rot90(image, round(degrees / 90) % 4))
