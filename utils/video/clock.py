"""What time it is in a source: of day, where it is known when it began, else since then."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from utils.errors import InputError, brief

_DAY = 24 * 3600.0
_LONGEST = 366 * _DAY  # seconds


@dataclass(frozen=True)
class Clock:
    """What time it was when a source began.

    Attributes
    ----------
    began
        The time of day (and the date) of second 0; None where it is not known, and times are those
        since the source began.
    """

    began: datetime | None = None

    def told(self, time: float) -> str:
        """Return a time in words: ``09:30:00``, or ``0:30`` since the beginning."""
        if self.began:
            return (self.began + timedelta(seconds=time)).strftime("%H:%M:%S")
        hours, rest = divmod(int(time), 3600)
        minutes, rest = divmod(rest, 60)
        return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"

    def iso(self, time: float) -> str | None:
        """Return date and time of day, None where they are not known."""
        if not self.began:
            return None
        return (self.began + timedelta(seconds=time)).isoformat(timespec="milliseconds")

    def since(self, text: str) -> float:
        """Return the seconds since the beginning at which it is so late.

        Parameters
        ----------
        text
            ``H:MM`` or ``H:MM:SS`` of a clock where there is one, else as `seconds` reads them.
        """
        if not self.began:
            return seconds(text)
        if not (found := re.fullmatch(r"(\d{1,2}):(\d\d)(?::(\d\d))?", text)):
            raise InputError(f"{brief(text)!r}: is no time of day; give H:MM or H:MM:SS")
        hour, minute, second = (int(part or 0) for part in found.groups())
        if hour > 24 or max(minute, second) > 59:
            raise InputError(
                f"{brief(text)!r}: is no time of day; there are 24 hours of 60 minutes"
            )
        day = self.began.replace(hour=0, minute=0, second=0, microsecond=0)
        late = hour * 3600 + minute * 60 + second
        at = (day + timedelta(seconds=late) - self.began).total_seconds()
        return at if at > -_DAY / 2 else at + _DAY  # after midnight


SINCE_START = Clock()


@dataclass(frozen=True)
class Span:
    """From `start` to before `end`, in seconds since the beginning, and what to call it."""

    name: str
    start: float
    end: float


def period(text: str, clock: Clock) -> Span:
    """Return the period that ``09:00-12:00`` means; one of the clock may go beyond midnight.

    Raises
    ------
    InputError
        If it is no such period.
    """
    text = " ".join(text.split())
    first, dash, second = re.sub("[\u2010-\u2015\u2212]", "-", text).partition("-")
    try:
        if not dash:
            raise InputError("there is no '-'")
        start, end = clock.since(first.strip()), clock.since(second.strip())
        if clock.began and end <= start and end + _DAY - start <= _DAY / 2:
            end += _DAY
        if end <= start:
            raise InputError("it ends before it begins, or as it does")
    except InputError as error:
        raise InputError(
            f"--compare {brief(text)}: {error}; give periods as 09:00-12:00"
        ) from error
    return Span(text, start, end)


def periods(texts: Sequence[str], clock: Clock) -> tuple[Span, ...]:
    """Return the periods that are to be compared, two or none.

    Raises
    ------
    InputError
        If one is no period, or they overlap: whoever was there then would be on both sides.
    """
    spans = tuple(period(text, clock) for text in texts)
    if len(spans) == 2 and spans[0].start < spans[1].end and spans[1].start < spans[0].end:
        raise InputError(
            f"--compare {spans[0].name} {spans[1].name}: overlap; give periods that do not"
        )
    return spans


def time_of(clock: str | None) -> datetime | None:
    """Return when a video began, by ``--clock``; None where that was not given.

    Raises
    ------
    InputError
        If that is no time.
    """
    if clock is None:
        return None
    try:
        return datetime.fromisoformat(clock).replace(tzinfo=None)
    except ValueError as error:
        raise InputError(
            f"--clock {brief(clock)}: {error}; give date and time as 2026-03-01T09:00"
        ) from error


def seconds(text: str) -> float:
    """Return the seconds that ``90``, ``1:30`` or ``0:01:30.5`` stand for.

    Raises
    ------
    InputError
        If it is no such time.
    """
    if not re.fullmatch(r"(\d+:){0,2}\d+(\.\d+)?", text):
        raise InputError(f"{brief(text)!r}: is no time; give seconds, M:SS or H:MM:SS")
    total = 0.0
    for part in text.split(":"):
        total = 60 * total + float(part)
    if total > _LONGEST:
        raise InputError(f"{brief(text)!r}: is more than a year; give seconds, M:SS or H:MM:SS")
    return total
