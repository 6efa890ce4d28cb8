"""Times as people write them in a table of photographs."""

from collections import Counter
from collections.abc import Mapping
from datetime import datetime, timezone

from utils.errors import InputError

_FORMS = (
    *("%Y-%m-%d %H:%M:%S", "%Y-%m-%d %H:%M", "%Y/%m/%d %H:%M:%S", "%Y/%m/%d %H:%M", "%Y/%m/%d"),
    "%Y:%m:%d %H:%M:%S",
)
"""Besides those of ISO 8601: hours of one digit, slashes, and as EXIF has them."""


def read_time(where: str, word: str) -> tuple[datetime, bool] | None:
    """Return a time, and whether it tells the hour; None of an empty word.

    Raises
    ------
    InputError
        If it is no time, or one that may be read in two ways; `where` says where it stands.
    """
    if not word:
        return None
    time = _parsed(word)
    if time is None:
        raise InputError(f"{where}: time is {word!a}; write it as 2024-05-31 14:30")
    return time, ":" in word or "T" in word.upper()


def in_one_zone(
    times: Mapping[str, datetime], lines: Mapping[str, int], path: object
) -> tuple[dict[str, datetime], int]:
    """Return times without their zones, those of other zones moved to that of most, and how many.

    Parameters
    ----------
    times, lines
        By photograph: when it was taken, and the line of the table `path` that says so.

    Raises
    ------
    InputError
        If some have a zone and others have none.
    """
    zones = Counter(time.utcoffset() for time in times.values())
    if None in zones and len(zones) > 1:
        some = {name: time for name, time in times.items() if time.utcoffset() is None}
        if len(some) * 2 > len(times):
            some = {name: time for name, time in times.items() if name not in some}
        line = min(lines[name] for name in some)
        raise InputError(
            f"{path}: line {line}: some times tell their zone, as +02:00 or Z, and others do not; "
            "give all of them theirs, or none"
        )
    if not zones or None in zones:
        return dict(times), 0
    [(zone, count)] = zones.most_common(1)
    moved = {
        name: time.astimezone(timezone(zone)).replace(tzinfo=None) for name, time in times.items()
    }
    return moved, len(times) - count


def _parsed(word: str) -> datetime | None:
    for read in (datetime.fromisoformat, *(_reader(form) for form in _FORMS)):
        try:
            return read(word)
        except ValueError:
            continue
    return None


def _reader(form: str):
    return lambda word: datetime.strptime(word, form)
