"""Stretches of time that photographs are counted by: ten minutes, hours, days, and so on."""

from collections.abc import Sequence
from datetime import datetime, timedelta

UNITS = ("ten minutes", "hour", "day", "week", "month", "year")
MOST = 60
"""Periods, from the first photograph to the last, that are told apart."""

EACH = 5
"""Photographs that a period should have, taken over those that have any."""

_LABELS = ("%Y-%m-%d %H:%M", "%Y-%m-%d %H:00", "%Y-%m-%d", "week of %Y-%m-%d", "%Y-%m", "%Y")
_STEPS = (timedelta(minutes=10), timedelta(hours=1), timedelta(days=1), timedelta(weeks=1))


def fitting_unit(times: Sequence[datetime], clock: bool = True) -> str:
    """Return the unit by which photographs of these times are best counted.

    That is the shortest with `MOST` periods at most and `EACH` photographs a period; where none
    has as many, the longest that tells any two photographs apart.

    Parameters
    ----------
    times
        One or more.
    clock
        Whether the hours are known, not the dates alone.
    """
    first, last = min(times), max(times)
    apart = "day"
    for unit in UNITS if clock else UNITS[2:]:
        if len(periods(first, last, unit)) > MOST:
            continue
        occupied = len({start_of(time, unit) for time in times})
        if occupied < 2:
            break
        apart = unit
        if EACH * occupied <= len(times):
            break
    return apart


def start_of(time: datetime, unit: str) -> datetime:
    """Return when the period of a time began."""
    if unit == "ten minutes":
        return time.replace(minute=time.minute // 10 * 10, second=0, microsecond=0)
    if unit == "hour":
        return time.replace(minute=0, second=0, microsecond=0)
    day = time.replace(hour=0, minute=0, second=0, microsecond=0)
    match unit:
        case "day":
            return day
        case "week":
            return day - timedelta(days=day.weekday())
        case "month":
            return day.replace(day=1)
    return day.replace(month=1, day=1)


def next_start(start: datetime, unit: str) -> datetime:
    """Return when the period ends that begins at `start`."""
    if unit in ("month", "year"):
        months = start.year * 12 + start.month - 1 + (1 if unit == "month" else 12)
        return start.replace(year=months // 12, month=months % 12 + 1)
    return start + _STEPS[UNITS.index(unit)]


def periods(first: datetime, last: datetime, unit: str) -> list[datetime]:
    """Return when each period from that of `first` to that of `last` begins; `MOST` + 1 at most."""
    result, start = [], start_of(first, unit)
    while start <= last and len(result) <= MOST:
        result.append(start)
        start = next_start(start, unit)
    return result


def label(start: datetime, unit: str) -> str:
    """Return how a period is called; labels of one unit sort as their times do."""
    return start.strftime(_LABELS[UNITS.index(unit)])
