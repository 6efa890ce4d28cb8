"""When people were seen: minutes, and the seconds that were seen and missed."""

from collections.abc import Sequence

from utils.video.clock import Clock, Span
from utils.video.frames import Gap
from utils.video.people import Person

MINUTE = 60.0


def minutes(last: float, clock: Clock, first: float = 0.0) -> list[Span]:
    """Return the minutes from `first` to `last` second: those of the clock, where there is one."""
    offset = 0.0
    if clock.began:
        offset = -(clock.began.second + clock.began.microsecond / 1e6)
    spans, start = [], offset + MINUTE * ((first - offset) // MINUTE)
    while start <= last:
        spans.append(Span(clock.told(start), start, start + MINUTE))
        start += MINUTE
    return spans


def seconds_within(spans: Sequence[Sequence[float]], start: float, end: float) -> float:
    """Return how many seconds of `spans`, [start, end] each, lie within `start` and `end`."""
    return sum(max(0.0, min(last, end) - max(first, start)) for first, last in spans)


def seen_and_missed(
    times: Sequence[Sequence[float]], gaps: Sequence[Gap], start: float, end: float
) -> tuple[float, float]:
    """Return the seconds between `start` and `end` that were seen, and that were missed.

    Parameters
    ----------
    times
        [start, end] of what was looked at without a longer pause.
    """
    missed = seconds_within([(gap.start, gap.end) for gap in gaps], start, end)
    return seconds_within(times, start, end), missed


def of_span(people: Sequence[Person], span: Span) -> list[Person]:
    """Return who was seen in a span."""
    return [person for person in people if person.within(span.start, span.end)]
