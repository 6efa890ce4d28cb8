"""What a file says of when its frames were taken, as far as it can be true.

Claimed frame rates are not believed, only times of frames. A clock may start anew within a file, as
where recordings were put one after the other, or jump: its parts then follow one another. Single
frames whose times run backwards are left out. Times that no camera makes are refused.
"""

from dataclasses import dataclass

from utils.errors import InputError, number_of

RESTART = 1.0
"""Seconds by which a time runs backwards from which the clock has started anew."""

JUMP = 12 * 3600.0
"""Seconds without a frame from which the clock has jumped."""

FASTEST = 1000.0
"""Frames a second, on average over the first `FIRST` frames, that are believed at most."""

FIRST = 20


@dataclass
class FrameTimes:
    """Tells the seconds of one frame after the other.

    Attributes
    ----------
    name
        Of the file.
    step
        Seconds between frames that say no time.
    start
        What the clock says at the start of the video; None where that is known by its first frame
        only.
    backwards, restarts
        How many frames were left out, and how often the clock started anew or jumped.
    """

    name: str
    step: float
    start: float | None = None
    backwards: int = 0
    restarts: int = 0
    _last: float | None = None
    _first: tuple[float, int] = (0.0, 0)

    def of(self, own: float | None) -> float | None:
        """Return the seconds since the start of the video of the next frame; None to leave it out.

        Parameters
        ----------
        own
            What the file says.

        Raises
        ------
        InputError
            If no camera takes frames as fast.
        """
        last = self._last
        expected = 0.0 if last is None else last + self.step
        if own is None:
            return self._taken(expected)
        if self.start is None:
            self.start = own
        time = own - self.start
        if last is not None and not last - RESTART <= time <= last + JUMP:
            self.restarts += 1
            self.start, time = own - expected, expected
        elif last is not None and time <= last:
            self.backwards += 1
            self._count(last)
            return None
        return self._taken(time)

    def told(self) -> list[str]:
        """Return what is to be known of the times, in whole sentences."""
        told = []
        if self.restarts:
            told.append(
                "The clock of the video starts anew, or jumps: "
                f"{number_of(self.restarts, 'time')}. Its parts were taken to follow one another."
            )
        if self.backwards:
            told.append(
                f"{number_of(self.backwards, 'picture')} whose times run backwards "
                f"{'was' if self.backwards == 1 else 'were'} left out."
            )
        return told

    def _taken(self, time: float) -> float:
        self._count(time)
        self._last = time
        return time

    def _count(self, time: float) -> None:
        """Refuse a video whose first frames come too fast, those that are left out included."""
        began, count = self._first if self._first[1] else (time, 0)
        self._first = began, count + 1
        if count + 1 == FIRST and (time - began) * FASTEST < FIRST - 1:
            raise InputError(
                f"{self.name}: its first {FIRST} pictures come within {time - began:.4f} s, as no "
                "camera takes them; give them true times, as of 25 a second: ffmpeg -r 25 -i VIDEO "
                "NEW"
            )
